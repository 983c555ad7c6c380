/* Products on arm64: NEON. Instructions that multiply int8 are of no use, because one factor is int16.

   Knows instructions. */

#pragma once

enum { NEON_TILE = 3 }; /* rows multiplied at once: 24 sums, 4 weights and a factor of 32 registers */

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
                Floats scale = all(x.scale[row * chunks(stride) + start / CHUNK]);
                if (bits == 4)
                    scale = multiply(scale, load(scales + part * LANES));
                Wholes whole = {vpaddq_s32(own[0], own[1]), vpaddq_s32(own[2], own[3])};
                sums[row][part] = multiply_plus(to_floats(whole), scale, sums[row][part]);
            }
    }
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

static void tile_of_8_bits(
    int64_t rows, int64_t blocks, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride, const int8_t *then)
{
    (void)blocks;
    any_tile(rows, 8, x, stride, linear, first, add, y, y_stride, then);
}

static void tile_of_4_bits(
    int64_t rows, int64_t blocks, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride, const int8_t *then)
{
    (void)blocks;
    any_tile(rows, 4, x, stride, linear, first, add, y, y_stride, then);
}

static const Products products[] = {[NEON] = {NEON_TILE, {0, 1, 1, 1}, tile_of_8_bits, tile_of_4_bits}};

/* Whether the processor has one of these. */
bool has_products(int64_t which)
{
    return which == NEON;
}
