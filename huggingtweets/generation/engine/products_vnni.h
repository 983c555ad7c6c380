/* Products with VNNI, of rows in int8: AVX-VNNI on 256 bits, AVX-512 VNNI on 512.

   The instruction multiplies bytes without a sign by bytes with one, and adds up four products. So 128 is added to the
   weights, and 128 times the sum of the row's numbers is what each sum begins below zero.

   Knows instructions. Does not know whether the processor has them. */

#pragma once

/* Compilers that know the instructions of AVX-VNNI, and with them their assemblers. */
#if defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11
#define KNOWS_AVX_VNNI true
#define ADD_PRODUCTS_BY_AVX_VNNI "%{vex%} vpdpbusd %2, %1, %0"
#else
#define KNOWS_AVX_VNNI false
#define ADD_PRODUCTS_BY_AVX_VNNI ""
#endif

#ifdef EMULATED_VNNI
#include EMULATED_VNNI
#else
static inline __attribute__((always_inline)) void add_products(__m256i *sum, __m256i weights, __m256i x)
{
    __asm__(ADD_PRODUCTS_BY_AVX_VNNI : "+x"(*sum) : "x"(weights), "x"(x));
}
#endif

/* Four inputs of outputs 0 to 3 and 8 to 11 of a block, and of the others, with 128 added; with 4 bits, 16 times as much.
   Of the last two inputs of an odd number of pairs, `few` is true. */
static inline __attribute__((always_inline)) void load_quads(const int8_t *from, int bits, bool few, __m256i quads[2])
{
    __m256i pairs[2]; /* two inputs of each output, and the next two */
    for (int i = 0; i < 2; i++) {
        if (few && i) {
            pairs[i] = _mm256_setzero_si256();
        } else if (bits == 8) {
            pairs[i] = _mm256_loadu_si256((const __m256i *)from + i);
        } else {
            __m256i both = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)from + i));
            __m256i low = _mm256_and_si256(_mm256_slli_epi16(both, 4), _mm256_set1_epi8((char)0xF0));
            pairs[i] = _mm256_blend_epi32(low, both, 0xF0);
        }
    }
    quads[0] = _mm256_xor_si256(_mm256_unpacklo_epi16(pairs[0], pairs[1]), _mm256_set1_epi8((char)0x80));
    quads[1] = _mm256_xor_si256(_mm256_unpackhi_epi16(pairs[0], pairs[1]), _mm256_set1_epi8((char)0x80));
}

/* Four inputs of `rows` rows times those of `blocks` blocks, added to `wholes`; or the last two if `few`. */
static inline __attribute__((always_inline)) void add_quads(
    int rows, int blocks, int bits, bool few, const int8_t *at, const int8_t *fourth, int64_t stride,
    const int8_t *weight, int64_t size, __m256i (*wholes)[2])
{
    UNROLLED for (int block = 0; block < blocks; block++) {
        __m256i quads[2];
        load_quads(weight + block * size, bits, few, quads);
        UNROLLED for (int row = 0; row < rows; row++) {
            const int8_t *from = (row < 3 ? at : fourth) + row % 3 * 2 * stride;
            __m256i factor = _mm256_set1_epi32(few ? two_bytes(from) : four_bytes(from));
            add_products(&wholes[row * blocks + block][0], quads[0], factor);
            add_products(&wholes[row * blocks + block][1], quads[1], factor);
        }
    }
}

/* As `tile`, of rows in int8. */
static inline __attribute__((always_inline)) void byte_tile(
    int rows, int blocks, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride, const int8_t *then, int64_t share)
{
    int64_t inputs = linear->inputs;
    const int8_t *weight = block_at(linear, first);
    int64_t size = block_at(linear, WIDE) - linear->weight; /* of a block */
    int64_t ahead = WIDE * bits / 2 / share;
    __m256 sums[TILE][2];
    UNROLLED for (int i = 0; i < rows * blocks; i++)
        sums[i][0] = sums[i][1] = _mm256_setzero_ps();
    for (int64_t start = 0; start < inputs; start += CHUNK) {
        int64_t end = start + CHUNK < inputs ? start + CHUNK : inputs;
        const Chunk *chunk = x.chunk + start / CHUNK;
        __m256i wholes[TILE][2];
        __asm__ volatile("" : : "r"(sums) : "memory"); /* they stay in memory: the registers are for the sums of a chunk */
        UNROLLED for (int i = 0; i < rows * blocks; i++)
            wholes[i][0] = wholes[i][1] = _mm256_set1_epi32(chunk[i / blocks * chunks(stride)].begins);
        const int8_t *at = (const int8_t *)x.whole + start, *fourth = at + 3 * 2 * stride;
        const float *scales = (const float *)weight;
        if (bits == 4) {
            weight += WIDE * sizeof(float);
            UNROLLED for (int block = 0; block < blocks; block++, then += WIDE * (int64_t)sizeof(float) / share)
                _mm_prefetch((const char *)then, _MM_HINT_T0);
        }
        for (int64_t quads = (end - start) / 4; quads; quads--, at += 4, fourth += 4) {
            __asm__ volatile("" : "+r"(at), "+r"(fourth)); /* as in `tile`, two pointers for all rows */
            UNROLLED for (int block = 0; block < blocks; block++, then += ahead)
                _mm_prefetch((const char *)then, _MM_HINT_T0);
            add_quads(rows, blocks, bits, false, at, fourth, stride, weight, size, wholes);
            weight += WIDE * bits / 2;
        }
        if ((end - start) % 4) {
            add_quads(rows, blocks, bits, true, at, fourth, stride, weight, size, wholes);
            weight += WIDE * bits / 4;
        }
        UNROLLED for (int i = 0; i < rows * blocks; i++) {
            __m256 scale = _mm256_broadcast_ss(&chunk[i / blocks * chunks(stride)].scale);
            UNROLLED for (int part = 0; part < 2; part++) {
                __m256i whole = part ? _mm256_permute2x128_si256(wholes[i][0], wholes[i][1], 0x31)
                                     : _mm256_permute2x128_si256(wholes[i][0], wholes[i][1], 0x20);
                const float *own = scales + i % blocks * size / (int64_t)sizeof(float) + part * LANES;
                __m256 both = bits == 4 ? _mm256_mul_ps(scale, _mm256_loadu_ps(own)) : scale;
                sums[i][part] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(whole), both, sums[i][part]);
            }
        }
    }
    finish(rows, blocks, bits, sums, linear, first, add, y, y_stride);
}

/* `byte_tile` for numbers of rows and blocks that are known only now. */
static inline __attribute__((always_inline)) void any_byte_tile(
    int64_t rows, int64_t blocks, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add,
    float *y, int64_t y_stride, const int8_t *then, int64_t share)
{
#define CASE(ROWS, BLOCKS) \
    case 16 * ROWS + BLOCKS: byte_tile(ROWS, BLOCKS, bits, x, stride, linear, first, add, y, y_stride, then, share); break;
    switch (16 * rows + blocks) {
        CASE(1, 4) CASE(1, 2) CASE(1, 1) CASE(2, 2) CASE(2, 1) CASE(3, 1) CASE(4, 1) CASE(5, 1) CASE(6, 1)
    }
#undef CASE
}

/* The same on 512 bits. A register holds four inputs of all outputs of a block. */
#ifndef ON_512_BITS
#define ON_512_BITS __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#endif

/* Four inputs of a block's outputs, with 128 added; with 4 bits, 16 times as much. Of the last two inputs of an odd
   number of pairs, `few` is true. */
static inline __attribute__((always_inline)) ON_512_BITS __m512i load_wide_quads(const int8_t *from, int bits, bool few)
{
    static const uint16_t places[2][32] = {
        {0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15, 16, 24, 17, 25, 18, 26, 19, 27, 20, 28, 21, 29, 22, 30, 23, 31},
        {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31}};
    __m512i both; /* two inputs of each output, and behind them, or behind half of them, the next two */
    if (bits == 8) {
        both = few ? _mm512_zextsi256_si512(_mm256_loadu_si256((const __m256i *)from)) : _mm512_loadu_si512(from);
    } else {
        __m256i high = few ? _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)from))
                           : _mm256_loadu_si256((const __m256i *)from);
        __m256i low = _mm256_and_si256(_mm256_slli_epi16(high, 4), _mm256_set1_epi8((char)0xF0));
        both = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    }
    both = _mm512_permutexvar_epi16(_mm512_loadu_si512(places[bits == 8]), both);
    return _mm512_xor_si512(both, _mm512_set1_epi8((char)0x80));
}

#ifndef EMULATED_VNNI
/* Adds in place. Of the compiler's own function for this instruction, GCC 12 makes two copies of each sum. */
static inline __attribute__((always_inline)) ON_512_BITS void add_wide_products(__m512i *sum, __m512i weights, __m512i x)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(weights), "v"(x));
}
#endif

/* Four inputs of `rows` rows times those of `blocks` blocks, added to `wholes`; or the last two if `few`. */
static inline __attribute__((always_inline)) ON_512_BITS void add_wide_quads(
    int rows, int blocks, int bits, bool few, const int8_t *const *at, int64_t stride, const int8_t *weight,
    int64_t size, __m512i *wholes)
{
    UNROLLED for (int block = 0; block < blocks; block++) {
        __m512i weights = load_wide_quads(weight + block * size, bits, few);
        UNROLLED for (int row = 0; row < rows; row++) {
            const int8_t *from = at[row / 3] + row % 3 * 2 * stride;
            __m512i factor = _mm512_set1_epi32(few ? two_bytes(from) : four_bytes(from));
            add_wide_products(&wholes[row * blocks + block], weights, factor);
        }
    }
}

/* As `byte_tile`. It reads ahead 1 / `share` of what stands at `then`; the other tiles read the rest. */
static inline __attribute__((always_inline)) ON_512_BITS void wide_tile(
    int rows, int blocks, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride, const int8_t *then, int64_t share)
{
    int64_t inputs = linear->inputs;
    const int8_t *weight = block_at(linear, first);
    int64_t size = block_at(linear, WIDE) - linear->weight; /* of a block */
    int64_t ahead = WIDE * bits / 2 / share;
    /* Several blocks for few rows do not fit into the first cache beside those that are read. */
    enum _mm_hint NEAR = rows < 7 ? _MM_HINT_T1 : _MM_HINT_T0;
    __m512 sums[WIDE_TILE];
    UNROLLED for (int i = 0; i < rows * blocks; i++)
        sums[i] = _mm512_setzero_ps();
    for (int64_t start = 0; start < inputs; start += CHUNK) {
        int64_t end = start + CHUNK < inputs ? start + CHUNK : inputs;
        const Chunk *chunk = x.chunk + start / CHUNK;
        __m512i wholes[WIDE_TILE];
        UNROLLED for (int row = 0; row < rows; row++)
            UNROLLED for (int block = 0; block < blocks; block++)
                wholes[row * blocks + block] = _mm512_set1_epi32(chunk[row * chunks(stride)].begins);
        /* An address is a pointer and up to two strides: four pointers reach 12 rows. */
        const int8_t *at[WIDE_TILE / 3];
        UNROLLED for (int i = 0; i < (rows + 2) / 3; i++)
            at[i] = (const int8_t *)(x.whole + 3 * i * stride) + start;
        const float *scales = (const float *)weight;
        if (bits == 4) {
            weight += WIDE * sizeof(float);
            UNROLLED for (int block = 0; block < blocks; block++, then += WIDE * (int64_t)sizeof(float) / share)
                _mm_prefetch((const char *)then, NEAR);
        }
        for (int64_t quads = (end - start) / 4; quads; quads--) {
            UNROLLED for (int block = 0; block < blocks; block++, then += ahead)
                _mm_prefetch((const char *)then, NEAR);
            add_wide_quads(rows, blocks, bits, false, at, stride, weight, size, wholes);
            UNROLLED for (int i = 0; i < (rows + 2) / 3; i++)
                at[i] += 4;
            weight += WIDE * bits / 2;
        }
        if ((end - start) % 4) {
            add_wide_quads(rows, blocks, bits, true, at, stride, weight, size, wholes);
            weight += WIDE * bits / 4;
        }
        UNROLLED for (int row = 0; row < rows; row++) {
            __m512 scale = _mm512_set1_ps(chunk[row * chunks(stride)].scale);
            UNROLLED for (int block = 0; block < blocks; block++) {
                __m512 both = scale;
                if (bits == 4)
                    both = _mm512_mul_ps(scale, _mm512_loadu_ps(scales + block * size / (int64_t)sizeof(float)));
                int i = row * blocks + block;
                sums[i] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(wholes[i]), both, sums[i]);
            }
        }
    }
    UNROLLED for (int block = 0; block < blocks; block++) {
        int64_t output = first + block * WIDE;
        __m512 scale = bits == 4 ? _mm512_set1_ps(1.0f) : _mm512_loadu_ps(linear->scale + output);
        __m512 bias = linear->bias ? _mm512_loadu_ps(linear->bias + output) : _mm512_setzero_ps();
        UNROLLED for (int row = 0; row < rows; row++) {
            float *to = y + row * y_stride + output;
            __m512 sum = _mm512_fmadd_ps(sums[row * blocks + block], scale, bias);
            _mm512_storeu_ps(to, add ? _mm512_add_ps(_mm512_loadu_ps(to), sum) : sum);
        }
    }
}

/* `wide_tile` for numbers of rows and blocks that are known only now. */
static inline __attribute__((always_inline)) ON_512_BITS void any_wide_tile(
    int64_t rows, int64_t blocks, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add,
    float *y, int64_t y_stride, const int8_t *then, int64_t share)
{
#define CASE(ROWS, BLOCKS) \
    case 16 * ROWS + BLOCKS: wide_tile(ROWS, BLOCKS, bits, x, stride, linear, first, add, y, y_stride, then, share); break;
    switch (16 * rows + blocks) {
        CASE(1, 4) CASE(1, 2) CASE(2, 2) CASE(3, 2) CASE(4, 2) CASE(5, 2)
        CASE(1, 1) CASE(2, 1) CASE(3, 1) CASE(4, 1) CASE(5, 1) CASE(6, 1)
        CASE(7, 1) CASE(8, 1) CASE(9, 1) CASE(10, 1) CASE(11, 1) CASE(12, 1)
    }
#undef CASE
}

