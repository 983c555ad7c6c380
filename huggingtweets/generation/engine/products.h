/* A matrix times rows of whole numbers: what all instruction sets share, and which one a team of threads uses.

   Knows packed matrices and tiles of them. Does not know layers, rows of a batch or threads. */

#pragma once

#include "layout.h"
#include "vectors.h"

#define UNROLLED _Pragma("GCC unroll 32") /* else the sums would live in memory */

static inline int32_t pair(const int16_t *from)
{
    int32_t both;
    memcpy(&both, from, sizeof both);
    return both;
}

static inline int32_t four_bytes(const int8_t *from)
{
    int32_t all;
    memcpy(&all, from, sizeof all);
    return all;
}

static inline int32_t two_bytes(const int8_t *from)
{
    uint16_t both;
    memcpy(&both, from, sizeof both);
    return both;
}

/* Where an output's weights are; it is the first one of a block. */
static inline const int8_t *block_at(const Linear *linear, int64_t output)
{
    int64_t scales = linear->bits == 4 ? chunks(linear->inputs) * (int64_t)sizeof(float) : 0;
    return linear->weight + output * (linear->inputs * linear->bits / 8 + scales);
}

typedef void Tiles(
    int64_t rows, int64_t blocks, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride, const int8_t *then, int64_t share);

/* How matrices are multiplied: what the numbers of rows are rounded to, at most `rows` at once, and for few rows several
   blocks at once, because a sum waits for itself. */
struct Products {
    enum { SHORTS, BYTES } kind;
    int64_t rows, blocks[WIDE_TILE + 1];
    Tiles *of_8_bits, *of_4_bits;
};
typedef struct Products Products;
enum { AVX2, AVX_VNNI, AVX512_VNNI, NEON, NEON_DOT, ALL_PRODUCTS };

#if defined(__x86_64__)
#include "products_x86.h"
#elif defined(__aarch64__)
#include "products_arm.h"
#endif

/* Outputs of a matrix. */
typedef struct { const Linear *linear; int64_t start, end; } Range;

static inline Rounded from_row(Rounded x, int64_t row, int64_t stride)
{
    return (Rounded){x.whole + row * stride, x.chunk + row * chunks(stride)};
}

/* These outputs of `rows` rows of x, in y or added to it; then those of `then` will be read. */
static void product(
    const Products *products, int64_t rows, Rounded x, int64_t stride, Range range, bool add, float *y,
    int64_t y_stride, Range then)
{
    const Linear *linear = range.linear;
    Tiles *tile_of_bits = linear->bits == 4 ? products->of_4_bits : products->of_8_bits;
    int64_t blocks = rows <= products->rows ? products->blocks[rows] : 1;
    for (int64_t first = range.start; first < range.end; first += blocks * WIDE) {
        while (range.end - first < blocks * WIDE)
            blocks /= 2;
        /* Of another matrix, the same place is read ahead: memory takes about as long as a piece of a matrix does. */
        bool other = then.linear != linear;
        int64_t after = other ? then.start + first - range.start : first + blocks * WIDE;
        const int8_t *next = block_at(then.linear, after < then.end ? after : then.start);
        int64_t share = (rows + products->rows - 1) / products->rows; /* tiles, which read ahead in turn */
        int64_t size = block_at(then.linear, WIDE) - then.linear->weight;
        for (int64_t row = 0, tiles = share; row < rows; tiles--) {
            int64_t some = (rows - row + tiles - 1) / tiles; /* tiles of like size */
            float *to = y + row * y_stride;
            const int8_t *own = next + (share - tiles) * size / share;
            tile_of_bits(
                some, blocks, from_row(x, row, stride), stride, linear, first, add, to, y_stride, own, share);
            row += some;
        }
    }
}
