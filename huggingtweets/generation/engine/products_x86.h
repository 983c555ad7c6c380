/* Products on x86: AVX2 here, those with VNNI in products_vnni.h.

   Knows instructions. Does not know which of them the processor has until it is asked. */

#pragma once

/* Adds in place and in this order. If the compiler made all products first, no registers would be left for the sums. */
static inline __attribute__((always_inline)) void multiply_add(__m256i *sum, __m256i a, __m256i b)
{
    __asm__ volatile("vpaddd %1, %0, %0" : "+x"(*sum) : "x"(_mm256_madd_epi16(a, b)));
}

/* Two inputs of a block's outputs, LANES each; with 4 bits, 16 times as much. */
static inline void load_pairs(const int8_t *from, int bits, __m256i *low, __m256i *high)
{
    const __m128i *at = (const __m128i *)from;
    *low = _mm256_cvtepi8_epi16(_mm_loadu_si128(at));
    if (bits == 4) {
        *high = *low;
        *low = _mm256_srai_epi16(_mm256_slli_epi16(*low, 12), 8);
    } else {
        *high = _mm256_cvtepi8_epi16(_mm_loadu_si128(at + 1));
    }
}

/* Write the sums of some blocks for `rows` rows, or add them to what is there. */
static inline __attribute__((always_inline)) void finish(
    int rows, int blocks, int bits, __m256 (*sums)[2], const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride)
{
    UNROLLED for (int part = 0; part < 2 * blocks; part++) {
        __m256 scale = bits == 4 ? _mm256_set1_ps(1.0f) : _mm256_loadu_ps(linear->scale + first + part * LANES);
        __m256 bias = linear->bias ? _mm256_loadu_ps(linear->bias + first + part * LANES) : _mm256_setzero_ps();
        UNROLLED for (int row = 0; row < rows; row++) {
            float *to = y + row * y_stride + first + part * LANES;
            __m256 sum = _mm256_fmadd_ps(sums[row * blocks + part / 2][part % 2], scale, bias);
            _mm256_storeu_ps(to, add ? _mm256_add_ps(_mm256_loadu_ps(to), sum) : sum);
        }
    }
}

/* y = x times some blocks of a matrix, or that added to y, for `rows` rows of `stride` numbers. What is at `then` will
   be read next. `rows`, `blocks` and `bits` are known where this is inlined. */
static inline __attribute__((always_inline)) void tile(
    int rows, int blocks, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride, const int8_t *then)
{
    int64_t inputs = linear->inputs;
    const int8_t *weight = block_at(linear, first);
    int64_t size = block_at(linear, WIDE) - linear->weight; /* of a block */
    __m256 sums[TILE][2];
    UNROLLED for (int i = 0; i < rows * blocks; i++)
        sums[i][0] = sums[i][1] = _mm256_setzero_ps();
    for (int64_t start = 0; start < inputs; start += CHUNK) {
        int64_t end = start + CHUNK < inputs ? start + CHUNK : inputs;
        __m256i wholes[TILE][2], factors[TILE];
        __asm__ volatile("" : : "r"(sums) : "memory"); /* they stay in memory: the registers are for the sums of a chunk */
        UNROLLED for (int i = 0; i < rows * blocks; i++)
            wholes[i][0] = wholes[i][1] = _mm256_setzero_si256();
        /* Two pointers reach all rows. The compiler must not make one for each row: they would not fit into registers. */
        const int16_t *at = x.whole + start, *fourth = at + 3 * stride;
        const float *scales = (const float *)weight;
        if (bits == 4) {
            weight += WIDE * sizeof(float);
            UNROLLED for (int block = 0; rows < 4 && block < blocks; block++, then += WIDE * sizeof(float))
                _mm_prefetch((const char *)then, _MM_HINT_T0);
        }
        for (int64_t pairs = (end - start) / 2; pairs; pairs--, at += 2, fourth += 2) {
            __asm__ volatile("" : "+r"(at), "+r"(fourth));
            if (rows < 4) /* with more rows the step does not wait for memory */
                _mm_prefetch((const char *)then, _MM_HINT_T0);
            if (blocks > 1)
                UNROLLED for (int row = 0; row < rows; row++)
                    factors[row] = _mm256_set1_epi32(pair(at + row * stride));
            UNROLLED for (int block = 0; block < blocks; block++) {
                __m256i low, high;
                load_pairs(weight + block * size, bits, &low, &high);
                UNROLLED for (int row = 0; row < rows; row++) {
                    __m256i factor = factors[row];
                    if (blocks == 1)
                        factor = _mm256_set1_epi32(pair((row < 3 ? at : fourth) + row % 3 * stride));
                    multiply_add(&wholes[row * blocks + block][0], factor, low);
                    multiply_add(&wholes[row * blocks + block][1], factor, high);
                }
            }
            weight += WIDE * bits / 4;
            then += blocks * WIDE * bits / 4;
        }
        UNROLLED for (int row = 0; row < rows; row++) {
            __m256 scale = _mm256_broadcast_ss(&x.chunk[row * chunks(stride) + start / CHUNK].scale);
            UNROLLED for (int part = 0; part < 2 * blocks; part++) {
                __m256 *sum = &sums[row * blocks + part / 2][part % 2], both = scale;
                if (bits == 4)
                    both = _mm256_mul_ps(
                        scale, _mm256_loadu_ps(scales + part / 2 * size / (int64_t)sizeof(float) + part % 2 * LANES));
                __m256i whole = wholes[row * blocks + part / 2][part % 2];
                *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(whole), both, *sum);
            }
        }
    }
    finish(rows, blocks, bits, sums, linear, first, add, y, y_stride);
}

/* `tile` for numbers of rows and blocks that are known only now. */
static inline __attribute__((always_inline)) void any_tile(
    int64_t rows, int64_t blocks, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add,
    float *y, int64_t y_stride, const int8_t *then, int64_t share)
{
    (void)share; /* with several tiles the step does not wait for memory */
#define CASE(ROWS, BLOCKS) \
    case 16 * ROWS + BLOCKS: tile(ROWS, BLOCKS, bits, x, stride, linear, first, add, y, y_stride, then); break;
    switch (16 * rows + blocks) {
        CASE(1, 4) CASE(1, 2) CASE(1, 1) CASE(2, 2) CASE(2, 1) CASE(3, 1) CASE(4, 1) CASE(5, 1) CASE(6, 1)
    }
#undef CASE
}

#include "products_vnni.h"

/* Not inlined: there are too few registers for what is around it as well. */
#define TILES(NAME, ATTRIBUTES, TILE_OF, BITS) \
    static __attribute__((noinline)) ATTRIBUTES void NAME( \
        int64_t rows, int64_t blocks, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, \
        float *y, int64_t y_stride, const int8_t *then, int64_t share) \
    { \
        TILE_OF(rows, blocks, BITS, x, stride, linear, first, add, y, y_stride, then, share); \
    }
TILES(tile_of_8_bits, , any_tile, 8)
TILES(tile_of_4_bits, , any_tile, 4)
TILES(byte_tile_of_8_bits, , any_byte_tile, 8)
TILES(byte_tile_of_4_bits, , any_byte_tile, 4)
TILES(wide_tile_of_8_bits, ON_512_BITS, any_wide_tile, 8)
TILES(wide_tile_of_4_bits, ON_512_BITS, any_wide_tile, 4)
#undef TILES

static const Products products[] = {
    [AVX2] = {SHORTS, TILE, {0, 4, 2, 1, 1, 1, 1}, tile_of_8_bits, tile_of_4_bits},
    [AVX_VNNI] = {BYTES, TILE, {0, 4, 2, 1, 1, 1, 1}, byte_tile_of_8_bits, byte_tile_of_4_bits},
    [AVX512_VNNI] = {BYTES, WIDE_TILE, {0, 4, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1}, wide_tile_of_8_bits, wide_tile_of_4_bits},
};

/* Whether the processor has one of these. */
bool has_products(int64_t which)
{
#ifdef EMULATED_VNNI
    if (which == AVX_VNNI || which == AVX512_VNNI)
        return true;
#endif
    switch (which) {
    case AVX2: return true;
    case AVX_VNNI: return KNOWS_AVX_VNNI && __builtin_cpu_supports("avxvnni");
    case AVX512_VNNI:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
    default: return false;
    }
}
