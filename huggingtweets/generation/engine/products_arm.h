/* Products on arm64: NEON on int16, and where the processor has them, dot products of int8.

   Knows instructions. Does not know which of them the processor has until it is asked. */

#pragma once

#if defined(__linux__)
#include <sys/auxv.h>
#endif

enum { NEON_TILE = 3 }; /* rows multiplied at once: 24 sums, 4 weights and a factor of 32 registers */

/* Write the sums of a block for `rows` rows, or add them to what is there. */
static inline __attribute__((always_inline)) void finish(
    int rows, int bits, Floats (*sums)[2], const Linear *linear, int64_t first, bool add_to, float *y, int64_t y_stride)
{
    UNROLLED for (int part = 0; part < 2; part++) {
        Floats scale = bits == 4 ? all(1) : load(linear->scale + first + part * LANES);
        Floats bias = linear->bias ? load(linear->bias + first + part * LANES) : all(0);
        UNROLLED for (int row = 0; row < rows; row++) {
            float *to = y + row * y_stride + first + part * LANES;
            Floats sum = multiply_plus(sums[row][part], scale, bias);
            store(to, add_to ? add(load(to), sum) : sum);
        }
    }
}

/* Two inputs of a block's 16 outputs, 4 in a register; with 4 bits, 16 times as much. */
static inline void load_pairs(const int8_t *from, int bits, int16x8_t pairs[4])
{
    int8x16_t low = vld1q_s8(from), high = low;
    if (bits == 4)
        low = vshlq_n_s8(low, 4);
    else
        high = vld1q_s8(from + 16);
    pairs[0] = vmovl_s8(vget_low_s8(low));
    pairs[1] = vmovl_high_s8(low);
    pairs[2] = vmovl_s8(vget_low_s8(high));
    pairs[3] = vmovl_high_s8(high);
}

/* y = x times a block of a matrix, or that added to y, for `rows` rows of `stride` numbers. What is at `then` will be
   read next. `rows` and `bits` are known where this is inlined. */
static inline __attribute__((always_inline)) void tile(
    int rows, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add_to, float *y,
    int64_t y_stride, const int8_t *then)
{
    int64_t inputs = linear->inputs;
    const int8_t *weight = block_at(linear, first);
    Floats sums[NEON_TILE][2];
    UNROLLED for (int row = 0; row < rows; row++)
        sums[row][0] = sums[row][1] = all(0);
    for (int64_t start = 0; start < inputs; start += CHUNK) {
        int64_t end = start + CHUNK < inputs ? start + CHUNK : inputs;
        int32x4_t wholes[NEON_TILE][8]; /* of two outputs each: the products of first and second inputs add up apart */
        UNROLLED for (int row = 0; row < rows; row++)
            UNROLLED for (int i = 0; i < 8; i++)
                wholes[row][i] = vdupq_n_s32(0);
        const float *scales = (const float *)weight;
        if (bits == 4)
            weight += WIDE * sizeof(float);
        for (int64_t at = start; at < end; at += 2) {
            int16x8_t pairs[4];
            load_pairs(weight, bits, pairs);
            __builtin_prefetch(then);
            UNROLLED for (int row = 0; row < rows; row++) {
                int16x8_t factor = vreinterpretq_s16_s32(vdupq_n_s32(pair(x.whole + row * stride + at)));
                UNROLLED for (int i = 0; i < 4; i++) {
                    wholes[row][2 * i] = vmlal_s16(wholes[row][2 * i], vget_low_s16(factor), vget_low_s16(pairs[i]));
                    wholes[row][2 * i + 1] = vmlal_high_s16(wholes[row][2 * i + 1], factor, pairs[i]);
                }
            }
            weight += WIDE * bits / 4;
            then += WIDE * bits / 4;
        }
        UNROLLED for (int row = 0; row < rows; row++)
            UNROLLED for (int part = 0; part < 2; part++) {
                const int32x4_t *own = wholes[row] + 4 * part;
                Floats scale = all(x.chunk[row * chunks(stride) + start / CHUNK].scale);
                if (bits == 4)
                    scale = multiply(scale, load(scales + part * LANES));
                Wholes whole = {vpaddq_s32(own[0], own[1]), vpaddq_s32(own[2], own[3])};
                sums[row][part] = multiply_plus(to_floats(whole), scale, sums[row][part]);
            }
    }
    finish(rows, bits, sums, linear, first, add_to, y, y_stride);
}

/* `tile` for a number of rows that is known only now. */
static inline __attribute__((always_inline)) void any_tile(
    int64_t rows, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride, const int8_t *then)
{
    switch (rows) {
    case 1: tile(1, bits, x, stride, linear, first, add, y, y_stride, then); break;
    case 2: tile(2, bits, x, stride, linear, first, add, y, y_stride, then); break;
    default: tile(NEON_TILE, bits, x, stride, linear, first, add, y, y_stride, then); break;
    }
}

/* Compilers that know dot products of bytes also where the whole program is for older processors. */
#if defined(__ARM_FEATURE_DOTPROD) || (defined(__clang__) ? __clang_major__ >= 16 : __GNUC__ >= 8)
#define KNOWS_DOT 1
#endif

#ifdef KNOWS_DOT
enum { DOT_TILE = 4 }; /* rows multiplied at once: 16 sums, 4 weights, what they are made of and a factor */

#if defined(__clang__)
#define WITH_DOT __attribute__((target("dotprod")))
#else
#define WITH_DOT __attribute__((target("arch=armv8.2-a+dotprod")))
#endif

/* Four inputs of a block's 16 outputs, 4 in a register; with 4 bits, 16 times as much. Of the last two inputs of an odd
   number of pairs, `few` is true. */
static inline __attribute__((always_inline)) WITH_DOT void load_quads(
    const int8_t *from, int bits, bool few, int8x16_t quads[4])
{
    int8x16_t none = vdupq_n_s8(0), first[2], second[2] = {none, none}; /* two inputs of 8 outputs each */
    if (bits == 8) {
        first[0] = vld1q_s8(from), first[1] = vld1q_s8(from + 16);
        if (!few)
            second[0] = vld1q_s8(from + 32), second[1] = vld1q_s8(from + 48);
    } else {
        first[1] = vld1q_s8(from), first[0] = vshlq_n_s8(first[1], 4);
        if (!few)
            second[1] = vld1q_s8(from + 16), second[0] = vshlq_n_s8(second[1], 4);
    }
    for (int i = 0; i < 2; i++) {
        int16x8_t one = vreinterpretq_s16_s8(first[i]), other = vreinterpretq_s16_s8(second[i]);
        quads[2 * i] = vreinterpretq_s8_s16(vzip1q_s16(one, other));
        quads[2 * i + 1] = vreinterpretq_s8_s16(vzip2q_s16(one, other));
    }
}

/* As `tile`, of rows in int8. */
static inline __attribute__((always_inline)) WITH_DOT void dot_tile(
    int rows, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add_to, float *y,
    int64_t y_stride, const int8_t *then)
{
    int64_t inputs = linear->inputs;
    const int8_t *weight = block_at(linear, first), *whole = (const int8_t *)x.whole;
    Floats sums[DOT_TILE][2];
    UNROLLED for (int row = 0; row < rows; row++)
        sums[row][0] = sums[row][1] = all(0);
    for (int64_t start = 0; start < inputs; start += CHUNK) {
        int64_t end = start + CHUNK < inputs ? start + CHUNK : inputs;
        int32x4_t wholes[DOT_TILE][4];
        UNROLLED for (int row = 0; row < rows; row++)
            UNROLLED for (int i = 0; i < 4; i++)
                wholes[row][i] = vdupq_n_s32(0);
        const float *scales = (const float *)weight;
        if (bits == 4)
            weight += WIDE * sizeof(float);
        for (int64_t at = start; at < end; at += 4) {
            bool few = end - at < 4;
            int8x16_t quads[4];
            load_quads(weight, bits, few, quads);
            __builtin_prefetch(then);
            UNROLLED for (int row = 0; row < rows; row++) {
                const int8_t *from = whole + 2 * row * stride + at;
                int8x16_t factor = vreinterpretq_s8_s32(vdupq_n_s32(few ? two_bytes(from) : four_bytes(from)));
                UNROLLED for (int i = 0; i < 4; i++)
                    wholes[row][i] = vdotq_s32(wholes[row][i], quads[i], factor);
            }
            weight += WIDE * bits / (few ? 4 : 2);
            then += WIDE * bits / (few ? 4 : 2);
        }
        UNROLLED for (int row = 0; row < rows; row++)
            UNROLLED for (int part = 0; part < 2; part++) {
                Floats scale = all(x.chunk[row * chunks(stride) + start / CHUNK].scale);
                if (bits == 4)
                    scale = multiply(scale, load(scales + part * LANES));
                Wholes sum = {wholes[row][2 * part], wholes[row][2 * part + 1]};
                sums[row][part] = multiply_plus(to_floats(sum), scale, sums[row][part]);
            }
    }
    finish(rows, bits, sums, linear, first, add_to, y, y_stride);
}

static inline __attribute__((always_inline)) WITH_DOT void any_dot_tile(
    int64_t rows, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride, const int8_t *then)
{
    switch (rows) {
    case 1: dot_tile(1, bits, x, stride, linear, first, add, y, y_stride, then); break;
    case 2: dot_tile(2, bits, x, stride, linear, first, add, y, y_stride, then); break;
    case 3: dot_tile(3, bits, x, stride, linear, first, add, y, y_stride, then); break;
    default: dot_tile(DOT_TILE, bits, x, stride, linear, first, add, y, y_stride, then); break;
    }
}

#endif

#define TILES(NAME, ATTRIBUTES, TILE_OF, BITS) \
    static ATTRIBUTES void NAME( \
        int64_t rows, int64_t blocks, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, \
        float *y, int64_t y_stride, const int8_t *then, int64_t share) \
    { \
        (void)blocks, (void)share; \
        TILE_OF(rows, BITS, x, stride, linear, first, add, y, y_stride, then); \
    }
TILES(tile_of_8_bits, , any_tile, 8)
TILES(tile_of_4_bits, , any_tile, 4)
#ifdef KNOWS_DOT
TILES(dot_tile_of_8_bits, WITH_DOT, any_dot_tile, 8)
TILES(dot_tile_of_4_bits, WITH_DOT, any_dot_tile, 4)
#endif
#undef TILES

static const Products products[] = {
    [NEON] = {SHORTS, NEON_TILE, {0, 1, 1, 1}, tile_of_8_bits, tile_of_4_bits},
#ifdef KNOWS_DOT
    [NEON_DOT] = {BYTES, DOT_TILE, {0, 1, 1, 1, 1}, dot_tile_of_8_bits, dot_tile_of_4_bits},
#endif
};

/* Whether the processor has one of these. */
bool has_products(int64_t which)
{
#if defined(KNOWS_DOT) && defined(__APPLE__)
    return which == NEON || which == NEON_DOT; /* all of Apple's have both */
#elif defined(KNOWS_DOT) && defined(HWCAP_ASIMDDP)
    if (which == NEON_DOT)
        return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
#endif
    return which == NEON;
}
