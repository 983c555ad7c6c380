/* The input and output of a step: constants, and structures as Python lays them out.

   Knows shapes. Does not know instructions or threads. */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LANES = 8,         /* fp32 numbers in a register */
    WIDE = 2 * LANES,  /* outputs in a block */
    TILE = 6,          /* rows multiplied at once: 12 sums, 2 weights, a factor and a product fill the 16 registers */
    WIDE_TILE = 12,    /* the same with 512 bits: 12 sums of a chunk, 12 of a row, and weights, of 32 registers */
    CHUNK = 64,        /* rounded numbers with one scale; their products add up to less than 2^31 */
    POSITIONS = 32,    /* in a block of the cache */
    MOST_GROUP = 64,   /* logits with one maximum, at most */
    LEAST_GROUP = 8,   /* and at least */
    MOST_SIZE = 256,   /* of an attention head */
    MOST_BLOCKS = 8,   /* in a piece of work: what it writes for 32 rows fits into the first cache */
};
enum { NONE = -1, GELU_TANH, GELU_ERF, RELU, SILU };             /* activations */

typedef struct { const float *weight, *bias; } Norm; /* a layer norm, or an RMS norm where there is no bias */
typedef struct {
    const int8_t *weight;      /* with 4 bits, the WIDE scales of a chunk stand before its weights */
    const float *scale, *bias; /* none with 4 bits; no bias where it is NULL, either */
    int64_t inputs, outputs, bits;
} Linear;

/* The linear layers of a block stand in the order in which they are read: query, key and value (one layer for all three,
   or one each), the output of attention, the gate if there is one, up, down. Queries and keys are normed one head at a
   time where `query_norm` and `key_norm` have weights. Where `turned` is 0, positions turn nothing. */
typedef struct { Norm norm_1, norm_2, query_norm, key_norm; const Linear *linears; float scale; int64_t turned; } Block;
typedef struct {
    int64_t layers, width, heads, key_heads, size, inner, vocabulary, activation; /* size of a head */
    int64_t entrances, gated;  /* linear layers for query, key and value: 1 or 3; whether there is a gate */
    float epsilon;
    Linear tokens;             /* the table of tokens as if it were a head */
    const float *positions;    /* [context][width]; NULL where positions turn queries and keys */
    const float *turns;        /* [context][cosine, sine][size / 2]; NULL where positions have a table */
    const Block *blocks;
    Norm norm;
    Linear head;
} Model;

/* x a[i] b[i] is added to what the ith linear layer makes of x. A token's column of e, times d, is
   added to its embedding, and (h t) e is added to the logits of h. Where a rank is 0, or b[i] has no outputs, nothing is
   added. */
typedef struct {
    int64_t rank, embedding_rank;
    const Linear *a, *b;       /* for the linear layers of all blocks */
    Linear e, d, t;
} Voice;
typedef struct { const Voice *voice; int64_t start, end, wanted_start, wanted_end; } Group;

/* Rows in int16, or in int8 in the first half of each row's place. A chunk has a scale and, in int8, what sums of its
   products begin with: -128 times the sum of its numbers. */
typedef struct { float scale; int32_t begins; } Chunk;
typedef struct { int16_t *whole; Chunk *chunk; } Rounded;

typedef struct {
    int64_t rows, groups, wanted, cache_blocks, table_width;
    int64_t deepest, highest, most;        /* rows of a group; rank, filled up to WIDE; logits to choose from */
    int64_t steps, nanoseconds;            /* no more steps are made than that, and no step is begun after that time */
    int32_t *tokens, *positions;           /* [rows]: where tokens are drawn, they become those of the next step */
    const int32_t *sequences;              /* [rows]: each row's line in tables */
    const int32_t *tables;                 /* [sequences][table_width]: blocks of the cache */
    const int32_t *wanted_rows;            /* [wanted] */
    const Group *group;                    /* rows of one voice stand together, without a gap */
    uint16_t *cache;                       /* [layers][cache_blocks][POSITIONS][key, value][key_heads * size] */
    float *x;                              /* [rows][apart(width)] */
    float *wide;                           /* [rows][apart(outputs of query, key and value, or of gate and up)] */
    Rounded even, inner, low;              /* [rows][width, or of all heads], [rows][inner], [layers side by side][rows][highest] */
    float *logits;                         /* [wanted][apart(vocabulary)] */
    float *scratch;                        /* [threads][room] */
    int64_t room;                          /* for the longest sequence and all heads, and for WIDE_TILE rows of low */
    float *maxima;                         /* [threads][2][groups of logits, of the least size] */
    float *values;                         /* [threads][most]: the largest logits */
    uint64_t *ranks;                       /* [threads][2][most]: of these and of as many more */
    int32_t *chosen;                       /* [steps][wanted]: tokens drawn; none where it is NULL, and then only one step is made */
    float *nats;                           /* [steps][wanted]: how unlikely each of them was */
    const bool *live;                      /* [wanted]: idle rows stay where they are */
    int64_t end;                           /* the step in which a live row draws this token is the last one */
    const float *temperature, *top_p;      /* [wanted] */
    const int64_t *top_k;                  /* [wanted], at most `most` each */
    const double *uniform;                 /* [wanted][ahead], of which the first `steps` are used, in [0, 1) */
    int64_t ahead;
} Call;

static inline int64_t filled_up(int64_t outputs)
{
    return (outputs + WIDE - 1) / WIDE * WIDE;
}

/* Numbers from one row to the next where columns of many rows are used at a time. It is an odd number of cache lines:
   otherwise the rows would share the few places that a cache has for addresses a power of two apart. */
static inline int64_t apart(int64_t outputs)
{
    return filled_up(outputs) | WIDE;
}

/* The linear layers of a block. */
static inline int64_t linears_of(const Model *model)
{
    return model->entrances + 1 + (model->gated ? 2 : 1) + 1;
}

/* What query, key and value are together. */
static inline int64_t entrance_of(const Model *model)
{
    return (model->heads + 2 * model->key_heads) * model->size;
}

static inline int64_t chunks(int64_t count)
{
    return (count + CHUNK - 1) / CHUNK;
}
