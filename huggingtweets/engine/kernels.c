/* A step of a GPT-2 with an adapter a voice, for x86 processors with AVX2, FMA and F16C. Where the processor has them,
   products use AVX-512 VNNI or AVX-VNNI instead; sums of whole numbers are exact, so all give the same bits.

   The base's matrices are int8 with a scale an output, packed as [outputs / WIDE][inputs / 2][WIDE][2] and filled up
   with zeros, so that a block of WIDE outputs is read from front to back. A voice's are int4 with a scale for each CHUNK
   inputs of an output, because with many voices reading them is most of a step: where an int8 matrix has two registers
   of numbers, 16 bytes hold the first in their lower halves. The second are the bytes as a whole: their upper halves are
   chosen to come closest, whatever the lower ones are, which errs no more and takes no work to read. What matrices are
   multiplied with is rounded to int16, each CHUNK numbers of a row with a scale of their own: that costs less than fp16
   would, and products of pairs add up twice as fast as fp32 ones do. Keys and values are fp16, everything else is fp32.
   Every output of a row is a sum over the chunks in their order, whatever else is computed beside it: a row's numbers
   are the same bits in any company and with any number of threads.

   Knows numbers and threads. Does not know rows that come and go, text or Python. Nothing is checked here. */

#include <stdbool.h>

/* Whether the processor can run what is below. */
bool kernels_run_here(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

#pragma GCC target("avx2,fma,f16c")

#include <immintrin.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LANES = 8,         /* fp32 numbers in a register */
    WIDE = 2 * LANES,  /* outputs in a block */
    TILE = 6,          /* rows multiplied at once: 12 sums, 2 weights, a factor and a product fill the 16 registers */
    WIDE_TILE = 12,    /* the same with 512 bits: 12 sums of a chunk, 12 of a row, and weights, of 32 registers */
    CHUNK = 64,        /* rounded numbers with one scale; their products add up to less than 2^31 */
    POSITIONS = 32,    /* in a block of the cache */
    GROUP = 64,        /* logits with one maximum */
    MOST_SIZE = 256,   /* of an attention head */
    MOST_BLOCKS = 8,   /* in a piece of work: what it writes for 32 rows fits into the first cache */
    PATIENCE = 2000,   /* looks at a barrier before other threads are let on */
    AWAKE_NS = 1000000,
};
enum { NONE = -1, GELU_TANH, GELU_ERF, RELU, SILU };             /* activations */
enum { ATTN, PROJ, FC, OUT, LINEARS };                          /* of a block */

typedef struct { const float *weight, *bias; } Norm;
typedef struct {
    const int8_t *weight;      /* with 4 bits, the WIDE scales of a chunk stand before its weights */
    const float *scale, *bias; /* none with 4 bits; no bias where it is NULL, either */
    int64_t inputs, outputs, bits;
} Linear;
typedef struct { Norm norm_1, norm_2; Linear linears[LINEARS]; float scale; } Block;
typedef struct {
    int64_t layers, width, heads, vocabulary, activation;
    float epsilon;
    Linear tokens;             /* the table of tokens as if it were a head */
    const float *positions;    /* [context][width] */
    const Block *blocks;
    Norm norm;
    Linear head;
} Model;

/* x a[i] b[i] is added to what the ith linear layer makes of x. The embedding of a token is its column of e times d
   more, the logits of h are (h t) e more. Without a rank there is nothing of either. */
typedef struct {
    int64_t rank, embedding_rank;
    const Linear *a, *b;
    Linear e, d, t;
} Voice;
typedef struct { const Voice *voice; int64_t start, end, wanted_start, wanted_end; } Group;

/* Rows in int16, and the scales of their chunks. */
typedef struct { int16_t *whole; float *scale; } Rounded;

typedef struct {
    int64_t rows, groups, wanted, cache_blocks, table_width;
    int64_t deepest, highest, most;        /* rows of a group; rank, filled up to WIDE; logits to choose from */
    const int32_t *tokens, *positions;     /* [rows] */
    const int32_t *sequences;              /* [rows]: whose line of tables */
    const int32_t *tables;                 /* [sequences][table_width]: blocks of the cache */
    const int32_t *wanted_rows;            /* [wanted] */
    const Group *group;                    /* rows of one voice stand together, without a gap */
    uint16_t *cache;                       /* [layers][cache_blocks][POSITIONS][key, value][width] */
    float *x;                              /* [rows][apart(width)] */
    float *wide;                           /* [rows][apart(outputs of the widest linear layer)] */
    Rounded even, inner, low;              /* [rows][width], [rows][outputs of FC], [rows][highest] */
    float *logits;                         /* [wanted][apart(vocabulary)] */
    float *scratch;                        /* [threads][room] */
    int64_t room;                          /* for the longest sequence and a row, and for WIDE_TILE rows of low */
    float *maxima;                         /* [threads][2][groups of logits] */
    float *values;                         /* [threads][most]: largest logits, and where they are */
    int32_t *places;
    int32_t *chosen;                       /* [wanted]: tokens drawn; none where it is NULL */
    const float *temperature, *top_p;      /* [wanted] */
    const int64_t *top_k;                  /* [wanted], at most `most` each */
    const double *uniform;                 /* [wanted], in [0, 1) */
} Call;

typedef struct Products Products;
typedef struct Team Team;
typedef struct { Team *team; int64_t thread; pthread_t id; } Helper;

struct Team {
    const Products *products;
    int64_t threads;
    Helper *helpers;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const Model *model;
    const Call *call;
    atomic_ulong round;
    _Alignas(64) atomic_long next;
    atomic_long arrived, phase;
};

/* ---- threads: who arrives at the end of a phase waits for the others, then all take pieces of the next one ---- */

static void barrier(Team *team)
{
    long phase = atomic_load_explicit(&team->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) == team->threads - 1) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&team->next, 0, memory_order_relaxed);
        atomic_store_explicit(&team->phase, phase + 1, memory_order_release);
        return;
    }
    for (long looks = 0; atomic_load_explicit(&team->phase, memory_order_acquire) == phase; looks++) {
        if (looks < PATIENCE)
            _mm_pause();
        else
            sched_yield();
    }
}

static inline int64_t next(Team *team)
{
    return atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
}

#define EACH(piece, pieces) for (int64_t piece; (piece = next(team)) < (pieces);)

/* ---- products ---- */

static inline __m256 of_half(const uint16_t *from)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
}

static inline float sum_of(__m256 x)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

static inline float largest_of(__m256 x)
{
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

static inline int64_t filled_up(int64_t outputs)
{
    return (outputs + WIDE - 1) / WIDE * WIDE;
}

/* Numbers from one row to the next where columns of many rows are used at a time: an odd number of cache lines, or the
   rows would have to share the few places that a cache has for addresses a power of two apart. */
static inline int64_t apart(int64_t outputs)
{
    return filled_up(outputs) | WIDE;
}

static inline int64_t chunks(int64_t count)
{
    return (count + CHUNK - 1) / CHUNK;
}

/* `count` numbers, a multiple of LANES, from a chunk's start on. */
static void round_row(const float *from, int64_t count, int16_t *to, float *scale)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);
    for (int64_t start = 0; start < count; start += CHUNK, scale++) {
        int64_t end = start + CHUNK < count ? start + CHUNK : count;
        __m256 largest = _mm256_setzero_ps();
        for (int64_t i = start; i < end; i += LANES)
            largest = _mm256_max_ps(largest, _mm256_andnot_ps(sign, _mm256_loadu_ps(from + i)));
        float most = largest_of(largest);
        __m256 factor = _mm256_set1_ps(most > 0 ? 32767 / most : 0);
        *scale = most / 32767;
        for (int64_t i = start; i < end; i += LANES) {
            __m256i whole = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(from + i), factor));
            __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
            _mm_storeu_si128((__m128i *)(to + i), half);
        }
    }
}

#define UNROLLED _Pragma("GCC unroll 32") /* else the sums would live in memory */

/* Compilers that know the instructions of AVX-VNNI, and with them their assemblers. */
#if defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11
#define KNOWS_AVX_VNNI true
#define MULTIPLY_ADD_BY_VNNI "%{vex%} vpdpwssd %2, %1, %0"
#else
#define KNOWS_AVX_VNNI false
#define MULTIPLY_ADD_BY_VNNI ""
#endif

/* The sum in place and in this order: a compiler that makes all products first has no registers left for the sums. */
static inline __attribute__((always_inline)) void multiply_add(bool vnni, __m256i *sum, __m256i a, __m256i b)
{
    if (vnni)
        __asm__ volatile(MULTIPLY_ADD_BY_VNNI : "+x"(*sum) : "x"(a), "x"(b));
    else
        __asm__ volatile("vpaddd %1, %0, %0" : "+x"(*sum) : "x"(_mm256_madd_epi16(a, b)));
}

static inline int32_t pair(const int16_t *from)
{
    int32_t both;
    memcpy(&both, from, sizeof both);
    return both;
}

/* Where an output's weights are; it is the first one of a block. */
static inline const int8_t *block_at(const Linear *linear, int64_t output)
{
    int64_t scales = linear->bits == 4 ? chunks(linear->inputs) * (int64_t)sizeof(float) : 0;
    return linear->weight + output * (linear->inputs * linear->bits / 8 + scales);
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

/* y = x times some blocks of a matrix, or that added to y, for `rows` rows of `stride` numbers. What is at `then` will
   be read next. `rows`, `blocks`, `bits` and `vnni` are known where this is inlined. */
static inline __attribute__((always_inline)) void tile(
    int rows, int blocks, int bits, bool vnni, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add,
    float *y, int64_t y_stride, const int8_t *then)
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
        __asm__ volatile("" : : "r"(sums) : "memory"); /* there they stay: the registers are for the sums of a chunk */
        UNROLLED for (int i = 0; i < rows * blocks; i++)
            wholes[i][0] = wholes[i][1] = _mm256_setzero_si256();
        /* From two pointers, of which the compiler must not make one for every row: they would not fit into registers. */
        const int16_t *at = x.whole + start, *fourth = at + 3 * stride;
        const float *scales = (const float *)weight;
        if (bits == 4) {
            weight += WIDE * sizeof(float);
            UNROLLED for (int block = 0; rows < 4 && block < blocks; block++, then += WIDE * sizeof(float))
                _mm_prefetch((const char *)then, _MM_HINT_T0);
        }
        for (int64_t pairs = (end - start) / 2; pairs; pairs--, at += 2, fourth += 2) {
            __asm__ volatile("" : "+r"(at), "+r"(fourth));
            if (rows < 4) /* else memory is not what is waited for */
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
                    multiply_add(vnni, &wholes[row * blocks + block][0], factor, low);
                    multiply_add(vnni, &wholes[row * blocks + block][1], factor, high);
                }
            }
            weight += WIDE * bits / 4;
            then += blocks * WIDE * bits / 4;
        }
        UNROLLED for (int row = 0; row < rows; row++) {
            __m256 scale = _mm256_broadcast_ss(x.scale + row * chunks(stride) + start / CHUNK);
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

/* `tile` for numbers of rows and blocks that are known only now. */
static inline __attribute__((always_inline)) void any_tile(
    int64_t rows, int64_t blocks, int bits, bool vnni, Rounded x, int64_t stride, const Linear *linear, int64_t first,
    bool add, float *y, int64_t y_stride, const int8_t *then)
{
#define CASE(ROWS, BLOCKS) \
    case 16 * ROWS + BLOCKS: tile(ROWS, BLOCKS, bits, vnni, x, stride, linear, first, add, y, y_stride, then); break;
    switch (16 * rows + blocks) {
        CASE(1, 4) CASE(1, 2) CASE(1, 1) CASE(2, 2) CASE(2, 1) CASE(3, 1) CASE(4, 1) CASE(5, 1) CASE(6, 1)
    }
#undef CASE
}

/* Products on 512 bits. A register holds all outputs of a block. */
#define ON_512_BITS __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

#ifdef EMULATED_512_BITS
#include EMULATED_512_BITS
#endif

/* Two inputs of a block's outputs; with 4 bits, 16 times as much. */
static inline __attribute__((always_inline)) ON_512_BITS __m512i load_wide_pairs(const int8_t *from, int bits)
{
    if (bits == 8)
        return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)from));
    __m512i both = _mm512_cvtepi8_epi16(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)from)));
    return _mm512_mask_srai_epi16(both, 0xFFFF, _mm512_slli_epi16(both, 12), 8);
}

/* As `tile`. */
static inline __attribute__((always_inline)) ON_512_BITS void wide_tile(
    int rows, int blocks, int bits, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride, const int8_t *then)
{
    int64_t inputs = linear->inputs;
    const int8_t *weight = block_at(linear, first);
    int64_t size = block_at(linear, WIDE) - linear->weight; /* of a block */
    __m512 sums[WIDE_TILE];
    UNROLLED for (int i = 0; i < rows * blocks; i++)
        sums[i] = _mm512_setzero_ps();
    for (int64_t start = 0; start < inputs; start += CHUNK) {
        int64_t end = start + CHUNK < inputs ? start + CHUNK : inputs;
        __m512i wholes[WIDE_TILE], factors[WIDE_TILE];
        UNROLLED for (int i = 0; i < rows * blocks; i++)
            wholes[i] = _mm512_setzero_si512();
        /* An address is a pointer and up to two strides: four pointers reach 12 rows. */
        const int16_t *at[WIDE_TILE / 3];
        UNROLLED for (int i = 0; i < (rows + 2) / 3; i++)
            at[i] = x.whole + start + 3 * i * stride;
        const float *scales = (const float *)weight;
        if (bits == 4) {
            weight += WIDE * sizeof(float);
            UNROLLED for (int block = 0; rows < 4 && block < blocks; block++, then += WIDE * sizeof(float))
                _mm_prefetch((const char *)then, _MM_HINT_T0);
        }
        for (int64_t pairs = (end - start) / 2; pairs; pairs--) {
            if (rows < 4) /* else memory is not what is waited for */
                _mm_prefetch((const char *)then, _MM_HINT_T0);
            UNROLLED for (int row = 0; row < rows; row++)
                factors[row] = _mm512_set1_epi32(pair(at[row / 3] + row % 3 * stride));
            UNROLLED for (int block = 0; block < blocks; block++) {
                __m512i weights = load_wide_pairs(weight + block * size, bits);
                UNROLLED for (int row = 0; row < rows; row++) {
                    int i = row * blocks + block;
                    wholes[i] = _mm512_dpwssd_epi32(wholes[i], factors[row], weights);
                }
            }
            UNROLLED for (int i = 0; i < (rows + 2) / 3; i++)
                at[i] += 2;
            weight += WIDE * bits / 4;
            then += blocks * WIDE * bits / 4;
        }
        UNROLLED for (int row = 0; row < rows; row++) {
            __m512 scale = _mm512_set1_ps(x.scale[row * chunks(stride) + start / CHUNK]);
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
    float *y, int64_t y_stride, const int8_t *then)
{
#define CASE(ROWS, BLOCKS) \
    case 16 * ROWS + BLOCKS: wide_tile(ROWS, BLOCKS, bits, x, stride, linear, first, add, y, y_stride, then); break;
    switch (16 * rows + blocks) {
        CASE(1, 4) CASE(1, 2) CASE(2, 2) CASE(3, 2) CASE(4, 2) CASE(5, 2)
        CASE(1, 1) CASE(2, 1) CASE(3, 1) CASE(4, 1) CASE(5, 1) CASE(6, 1)
        CASE(7, 1) CASE(8, 1) CASE(9, 1) CASE(10, 1) CASE(11, 1) CASE(12, 1)
    }
#undef CASE
}

/* Not inlined: there are too few registers for what is around it as well. */
#define TILES(NAME, ATTRIBUTES, TILE_OF, ...) \
    static __attribute__((noinline)) ATTRIBUTES void NAME( \
        int64_t rows, int64_t blocks, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, \
        float *y, int64_t y_stride, const int8_t *then) \
    { \
        TILE_OF(rows, blocks, __VA_ARGS__, x, stride, linear, first, add, y, y_stride, then); \
    }
TILES(tile_of_8_bits, , any_tile, 8, false)
TILES(tile_of_4_bits, , any_tile, 4, false)
TILES(vnni_tile_of_8_bits, , any_tile, 8, KNOWS_AVX_VNNI)
TILES(vnni_tile_of_4_bits, , any_tile, 4, KNOWS_AVX_VNNI)
TILES(wide_tile_of_8_bits, ON_512_BITS, any_wide_tile, 8)
TILES(wide_tile_of_4_bits, ON_512_BITS, any_wide_tile, 4)
#undef TILES

typedef void Tiles(
    int64_t rows, int64_t blocks, Rounded x, int64_t stride, const Linear *linear, int64_t first, bool add, float *y,
    int64_t y_stride, const int8_t *then);

/* How matrices are multiplied: at most `rows` at once, and for few rows several blocks at once, because a sum waits for
   itself. */
struct Products {
    int64_t rows, blocks[WIDE_TILE + 1];
    Tiles *of_8_bits, *of_4_bits;
};
static const Products products[] = {
    {TILE, {0, 4, 2, 1, 1, 1, 1}, tile_of_8_bits, tile_of_4_bits},
    {TILE, {0, 4, 2, 1, 1, 1, 1}, vnni_tile_of_8_bits, vnni_tile_of_4_bits},
    {WIDE_TILE, {0, 4, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1}, wide_tile_of_8_bits, wide_tile_of_4_bits},
};
enum { AVX2, AVX_VNNI, AVX512_VNNI };

/* Whether the processor has one of these. */
bool has_products(int64_t which)
{
#ifdef EMULATED_512_BITS
    if (which == AVX512_VNNI)
        return true;
#endif
    switch (which) {
    case AVX2: return kernels_run_here();
    case AVX_VNNI: return KNOWS_AVX_VNNI && __builtin_cpu_supports("avxvnni");
    case AVX512_VNNI:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
    default: return false;
    }
}

/* Outputs of a matrix. */
typedef struct { const Linear *linear; int64_t start, end; } Range;

static inline Rounded from_row(Rounded x, int64_t row, int64_t stride)
{
    return (Rounded){x.whole + row * stride, x.scale + row * chunks(stride)};
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
        /* Of another matrix, what has the same place: memory takes about as long as a piece of a matrix does. */
        bool other = then.linear != linear;
        int64_t after = other ? then.start + first - range.start : first + blocks * WIDE;
        const int8_t *next = block_at(then.linear, after < then.end ? after : then.start);
        for (int64_t row = 0, tiles = (rows + products->rows - 1) / products->rows; row < rows; tiles--) {
            int64_t some = (rows - row + tiles - 1) / tiles; /* tiles of like size */
            float *to = y + row * y_stride;
            tile_of_bits(some, blocks, from_row(x, row, stride), stride, linear, first, add, to, y_stride, next);
            row += some;
        }
    }
}

/* ---- functions of numbers ---- */

/* e^x within 2 ulp, by Cody and Waite's reduction and the polynomial of Cephes' expf. */
static inline __m256 exponential(__m256 x)
{
    x = _mm256_max_ps(_mm256_min_ps(x, _mm256_set1_ps(88.0f)), _mm256_set1_ps(-87.0f));
    __m256 n = _mm256_mul_ps(x, _mm256_set1_ps(1.44269504f));
    n = _mm256_round_ps(n, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
    r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
    __m256 p = _mm256_set1_ps(1.9875691500e-4f);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
    p = _mm256_add_ps(_mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r), _mm256_set1_ps(1.0f));
    return _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_castps_si256(p), _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23)));
}

static void activate(int64_t activation, float *y, int64_t count)
{
    for (int64_t part = 0; part < count; part += LANES) {
        __m256 x = _mm256_loadu_ps(y + part);
        if (activation == RELU) {
            x = _mm256_max_ps(x, _mm256_setzero_ps());
        } else if (activation == GELU_ERF) {
            for (int64_t lane = part; lane < part + LANES; lane++)
                y[lane] = 0.5f * y[lane] * (1.0f + erff(y[lane] * (float)M_SQRT1_2));
            continue;
        } else {
            __m256 inner = x; /* x times the logistic function of it; tanh(u) is 2 logistic(2 u) - 1 */
            if (activation == GELU_TANH)
                inner = _mm256_mul_ps(
                    _mm256_mul_ps(x, _mm256_set1_ps(2 * 0.7978845608f)),
                    _mm256_fmadd_ps(_mm256_mul_ps(x, x), _mm256_set1_ps(0.044715f), _mm256_set1_ps(1.0f)));
            __m256 rest = exponential(_mm256_sub_ps(_mm256_setzero_ps(), inner));
            x = _mm256_div_ps(x, _mm256_add_ps(rest, _mm256_set1_ps(1.0f)));
        }
        _mm256_storeu_ps(y + part, x);
    }
}

static void normalize(const float *x, int64_t width, Norm norm, float epsilon, float *y)
{
    __m256 sum = _mm256_setzero_ps(), squares = _mm256_setzero_ps();
    for (int64_t i = 0; i < width; i += LANES)
        sum = _mm256_add_ps(sum, _mm256_loadu_ps(x + i));
    __m256 mean = _mm256_set1_ps(sum_of(sum) / (float)width);
    for (int64_t i = 0; i < width; i += LANES) {
        __m256 away = _mm256_sub_ps(_mm256_loadu_ps(x + i), mean);
        squares = _mm256_fmadd_ps(away, away, squares);
    }
    __m256 scale = _mm256_set1_ps(1.0f / sqrtf(sum_of(squares) / (float)width + epsilon));
    for (int64_t i = 0; i < width; i += LANES) {
        __m256 even = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), mean), scale);
        even = _mm256_fmadd_ps(even, _mm256_loadu_ps(norm.weight + i), _mm256_loadu_ps(norm.bias + i));
        _mm256_storeu_ps(y + i, even);
    }
}

/* ---- the parts of a step; each ends with a barrier ---- */

/* even = the norm of these rows of x */
static void norm_rows(Team *team, const int32_t *rows, int64_t count, Norm norm, int64_t thread)
{
    const Call *call = team->call;
    int64_t width = team->model->width;
    float *scratch = call->scratch + thread * call->room;
    EACH (row, count) {
        Rounded to = from_row(call->even, row, width);
        normalize(call->x + (rows ? rows[row] : row) * apart(width), width, norm, team->model->epsilon, scratch);
        round_row(scratch, width, to.whole, to.scale);
    }
    barrier(team);
}

/* The numbers of linear layers go on through all blocks; this one is the head's. */
enum { HEAD = -1 };

/* Rows of a group that a layer reads, and the voice's factors for them; no rows where it has none. */
typedef struct { int64_t start, count; const Linear *a, *b; } Part;

static inline Part part_of(const Group *group, int64_t number)
{
    const Voice *voice = group->voice;
    if (!voice || !(number == HEAD ? voice->embedding_rank : voice->rank))
        return (Part){0};
    if (number == HEAD)
        return (Part){group->wanted_start, group->wanted_end - group->wanted_start, &voice->t, &voice->e};
    return (Part){group->start, group->end - group->start, voice->a + number, voice->b + number};
}

/* low = x a for every voice, x of `stride` numbers a row. */
static void descend(Team *team, int64_t number, Rounded x, int64_t stride, int64_t thread)
{
    const Call *call = team->call;
    float *scratch = call->scratch + thread * call->room;
    int64_t most = team->products->rows, tiles = (call->deepest + most - 1) / most;
    EACH (piece, call->highest ? call->groups * tiles : 0) {
        Part part = part_of(call->group + piece / tiles, number);
        int64_t first = piece % tiles * most, count = part.count - first < most ? part.count - first : most;
        if (count <= 0)
            continue;
        Range range = {part.a, 0, filled_up(part.a->outputs)}, then = range;
        Part next = part_of(call->group + (piece / tiles + team->threads) % call->groups, number);
        if (next.count)
            then = (Range){next.a, 0, filled_up(next.a->outputs)};
        Rounded from = from_row(x, part.start + first, stride);
        product(team->products, count, from, stride, range, false, scratch, call->highest, then);
        for (int64_t row = 0; row < count; row++) {
            Rounded to = from_row(call->low, part.start + first + row, call->highest);
            round_row(scratch + row * call->highest, range.end, to.whole, to.scale);
        }
    }
    barrier(team);
}

/* y = x times the layer + low b, added to what y holds if `add`; inner = the activation of that, if there is one. */
static void ascend(
    Team *team, int64_t number, const Linear *linear, Rounded x, int64_t stride, int64_t activation, bool add, float *y)
{
    const Call *call = team->call;
    int64_t rows = number == HEAD ? call->wanted : call->rows;
    int64_t outputs = filled_up(linear->outputs), y_stride = apart(outputs);
    int64_t most = outputs / (WIDE * 8 * team->threads) + 1, some = WIDE * (most < MOST_BLOCKS ? most : MOST_BLOCKS);
    if (activation != NONE)
        some = chunks(some) * CHUNK;
    EACH (piece, (outputs + some - 1) / some) {
        Range range = {linear, piece * some, piece * some + some < outputs ? piece * some + some : outputs};
        product(team->products, rows, x, stride, range, add, y, y_stride, range);
        for (int64_t i = 0; i < call->groups; i++) {
            Part part = part_of(call->group + i, number), next = part_of(call->group + (i + 1) % call->groups, number);
            if (!part.count)
                continue;
            Range own = {part.b, range.start, range.end}, then = {next.count ? next.b : part.b, own.start, own.end};
            product(team->products, part.count, from_row(call->low, part.start, call->highest), call->highest, own, true,
                    y + part.start * y_stride, y_stride, then);
        }
        for (int64_t row = 0; activation != NONE && row < rows; row++) {
            Rounded to = from_row(call->inner, row, outputs);
            float *from = y + row * y_stride + range.start;
            activate(activation, from, range.end - range.start);
            round_row(from, range.end - range.start, to.whole + range.start, to.scale + range.start / CHUNK);
        }
    }
    barrier(team);
}

static inline float entry(const Linear *linear, int64_t input, int64_t column)
{
    const int8_t *block = block_at(linear, column / WIDE * WIDE);
    if (linear->bits == 8)
        return (float)block[input / 2 * 2 * WIDE + column % WIDE * 2 + input % 2] * linear->scale[column];
    const int8_t *chunk = block + input / CHUNK * WIDE * (CHUNK / 2 + (int64_t)sizeof(float));
    float scale = ((const float *)chunk)[column % WIDE];
    int8_t both = chunk[WIDE * (int64_t)sizeof(float) + input % CHUNK / 2 * WIDE + column % LANES * 2 + input % 2];
    return (float)(column % WIDE < LANES ? (int8_t)((uint8_t)both << 4) : both) * scale;
}

/* x = the token's and the position's embedding, and what the voice changes of the token's. */
static void embed(Team *team, int64_t thread)
{
    const Model *model = team->model;
    const Call *call = team->call;
    int64_t width = model->width;
    float *scratch = call->scratch + thread * call->room;
    EACH (piece, call->groups) {
        const Group *group = call->group + piece;
        const Voice *voice = group->voice;
        for (int64_t row = group->start; row < group->end; row++) {
            int64_t token = call->tokens[row];
            const float *position = call->positions[row] * width + model->positions;
            float *x = call->x + row * apart(width);
            for (int64_t i = 0; i < width; i++)
                x[i] = entry(&model->tokens, i, token) + position[i];
            if (!voice || !voice->embedding_rank)
                continue;
            Rounded own = from_row(call->low, row, call->highest);
            Range range = {&voice->d, 0, width};
            memset(scratch, 0, (size_t)call->highest * sizeof *scratch);
            for (int64_t i = 0; i < voice->e.inputs; i++)
                scratch[i] = entry(&voice->e, i, token);
            round_row(scratch, call->highest, own.whole, own.scale);
            product(team->products, 1, own, call->highest, range, true, x, width, range);
        }
    }
    barrier(team);
}

/* Where the keys of a row's sequence at a position are; its values stand behind them. */
static inline uint16_t *cached(const Model *model, const Call *call, int64_t layer, int64_t row, int64_t position)
{
    int64_t block = call->tables[call->sequences[row] * call->table_width + position / POSITIONS];
    return call->cache + ((layer * call->cache_blocks + block) * POSITIONS + position % POSITIONS) * 2 * model->width;
}

static void remember(Team *team, int64_t layer)
{
    const Model *model = team->model;
    const Call *call = team->call;
    int64_t width = model->width, stride = apart(3 * width);
    EACH (row, call->rows) {
        const float *from = call->wide + row * stride + width;
        uint16_t *to = cached(model, call, layer, row, call->positions[row]);
        for (int64_t i = 0; i < 2 * width; i += LANES)
            _mm_storeu_si128(
                (__m128i *)(to + i), _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT));
    }
    barrier(team);
}

/* One head of one row over all positions up to its own, into `to`; `size` is known where it is inlined. */
static inline __attribute__((always_inline)) void attend_head(
    const Model *model, const Call *call, int64_t layer, int64_t row, int64_t offset, int64_t size, float *scores,
    float *to)
{
    const float *query = call->wide + row * apart(3 * model->width) + offset;
    float scale = model->blocks[layer].scale, highest = -INFINITY;
    int64_t count = call->positions[row] + 1, whole = (count + LANES - 1) / LANES * LANES;
    for (int64_t position = 0; position < count; position++) {
        const uint16_t *key = cached(model, call, layer, row, position) + offset;
        __m256 sum = _mm256_setzero_ps();
        for (int64_t i = 0; i < size; i += LANES)
            sum = _mm256_fmadd_ps(_mm256_loadu_ps(query + i), of_half(key + i), sum);
        scores[position] = sum_of(sum) * scale;
        highest = fmaxf(highest, scores[position]);
    }
    for (int64_t position = count; position < whole; position++)
        scores[position] = -INFINITY;
    __m256 total = _mm256_setzero_ps();
    for (int64_t position = 0; position < whole; position += LANES) {
        __m256 share = exponential(_mm256_sub_ps(_mm256_loadu_ps(scores + position), _mm256_set1_ps(highest)));
        _mm256_storeu_ps(scores + position, share);
    }
    for (int64_t position = count; position < whole; position++)
        scores[position] = 0;
    for (int64_t position = 0; position < whole; position += LANES)
        total = _mm256_add_ps(total, _mm256_loadu_ps(scores + position));
    __m256 sums[MOST_SIZE / LANES];
    for (int64_t i = 0; i < size / LANES; i++)
        sums[i] = _mm256_setzero_ps();
    for (int64_t position = 0; position < count; position++) {
        const uint16_t *value = cached(model, call, layer, row, position) + model->width + offset;
        __m256 share = _mm256_broadcast_ss(scores + position);
        for (int64_t i = 0; i < size / LANES; i++)
            sums[i] = _mm256_fmadd_ps(share, of_half(value + i * LANES), sums[i]);
    }
    __m256 part = _mm256_set1_ps(1.0f / sum_of(total));
    for (int64_t i = 0; i < size / LANES; i++)
        _mm256_storeu_ps(to + offset + i * LANES, _mm256_mul_ps(sums[i], part));
}

/* even = what every row sees */
static void attend(Team *team, int64_t layer, int64_t thread)
{
    const Model *model = team->model;
    const Call *call = team->call;
    int64_t width = model->width, size = width / model->heads;
    float *seen = call->scratch + thread * call->room, *scores = seen + width;
    EACH (row, call->rows) {
        Rounded to = from_row(call->even, row, width);
        for (int64_t offset = 0; offset < width; offset += size) {
            if (size == 64)
                attend_head(model, call, layer, row, offset, 64, scores, seen);
            else
                attend_head(model, call, layer, row, offset, size, scores, seen);
        }
        round_row(seen, width, to.whole, to.scale);
    }
    barrier(team);
}

/* ---- the largest logits ---- */

/* The kth largest of x [count], which is put in another order; k is at most count. */
static float kth_largest(float *x, int64_t count, int64_t k)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        float pivot = x[(low + high) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (x[i] > pivot)
                i++;
            while (x[j] < pivot)
                j--;
            if (i <= j) {
                float kept = x[i];
                x[i++] = x[j];
                x[j--] = kept;
            }
        }
        if (k - 1 <= j)
            high = j;
        else if (k - 1 >= i)
            low = i;
        else
            break;
    }
    return x[k - 1];
}

/* The `most` largest of `logits` and their places, largest first; how many there are: fewer where some are no numbers.
   The kth largest of the groups' maxima is at most the kth largest of all, so few groups have to be looked through. */
static int64_t largest_logits(
    const float *logits, int64_t vocabulary, int64_t most, float *maxima, float *values, int32_t *places)
{
    int64_t groups = (vocabulary + GROUP - 1) / GROUP, count = 0;
    float *ordered = maxima + groups;
    for (int64_t group = 0; group < groups; group++) {
        const float *from = logits + group * GROUP;
        int64_t size = vocabulary - group * GROUP < GROUP ? vocabulary - group * GROUP : GROUP, i = 0;
        __m256 top = _mm256_set1_ps(-INFINITY);
        float found = -INFINITY;
        for (; i + LANES <= size; i += LANES)
            top = _mm256_max_ps(_mm256_loadu_ps(from + i), top);
        for (; i < size; i++)
            found = fmaxf(found, from[i]);
        maxima[group] = ordered[group] = fmaxf(found, largest_of(top));
    }
    float least = groups >= most ? kth_largest(ordered, groups, most) : -INFINITY;
    for (int64_t group = 0; group < groups; group++) {
        if (maxima[group] < least)
            continue;
        for (int64_t token = group * GROUP; token < vocabulary && token < (group + 1) * GROUP; token++) {
            float logit = logits[token];
            if (!(logit >= least) || (count == most && !(logit > values[most - 1])))
                continue;
            int64_t place = count < most ? count++ : most - 1;
            for (; place && values[place - 1] < logit; place--) {
                values[place] = values[place - 1];
                places[place] = places[place - 1];
            }
            values[place] = logit;
            places[place] = (int32_t)token;
        }
    }
    return count;
}

/* Which of `count` logits, largest first, `uniform` falls on, after top-k, temperature and top-p in that order; as
   sampling.py says. They are written over. */
static int64_t draw(float *values, int64_t count, float temperature, float top_p, int64_t top_k, double uniform)
{
    double total = 0, kept = 0, reached = 0;
    int64_t most = 0;
    count = count < top_k ? count : top_k;
    float top = count ? values[0] : 0;
    for (int64_t i = 0; i < count; i++)
        total += values[i] = expf((values[i] - top) / temperature);
    while (most < count && kept < top_p * total)
        kept += values[most++];
    for (int64_t i = 0; i < most; i++)
        if ((reached += values[i]) > uniform * kept)
            return i;
    return most ? most - 1 : 0;
}

static void choose(Team *team, int64_t thread)
{
    const Call *call = team->call;
    int64_t vocabulary = team->model->vocabulary, stride = apart(vocabulary);
    float *maxima = call->maxima + 2 * thread * ((vocabulary + GROUP - 1) / GROUP);
    float *values = call->values + thread * call->most;
    int32_t *places = call->places + thread * call->most;
    EACH (row, call->chosen ? call->wanted : 0) {
        int64_t count = largest_logits(call->logits + row * stride, vocabulary, call->most, maxima, values, places);
        int64_t place = draw(
            values, count, call->temperature[row], call->top_p[row], call->top_k[row], call->uniform[row]);
        call->chosen[row] = count ? places[place] : 0;
    }
    barrier(team);
}

/* ---- a step ---- */

static void step(Team *team, int64_t thread)
{
    const Model *model = team->model;
    const Call *call = team->call;
    int64_t width = model->width;
    embed(team, thread);
    for (int64_t layer = 0; layer < model->layers; layer++) {
        const Block *block = model->blocks + layer;
        const Linear *linears = block->linears;
        int64_t number = layer * LINEARS, inner = linears[OUT].inputs;
        norm_rows(team, NULL, call->rows, block->norm_1, thread);
        descend(team, number + ATTN, call->even, width, thread);
        ascend(team, number + ATTN, linears + ATTN, call->even, width, NONE, false, call->wide);
        remember(team, layer);
        attend(team, layer, thread);
        descend(team, number + PROJ, call->even, width, thread);
        ascend(team, number + PROJ, linears + PROJ, call->even, width, NONE, true, call->x);
        norm_rows(team, NULL, call->rows, block->norm_2, thread);
        descend(team, number + FC, call->even, width, thread);
        ascend(team, number + FC, linears + FC, call->even, width, model->activation, false, call->wide);
        descend(team, number + OUT, call->inner, inner, thread);
        ascend(team, number + OUT, linears + OUT, call->inner, inner, NONE, true, call->x);
    }
    norm_rows(team, call->wanted_rows, call->wanted, model->norm, thread);
    descend(team, HEAD, call->even, width, thread);
    ascend(team, HEAD, &model->head, call->even, width, NONE, false, call->logits);
    choose(team, thread);
}

/* ---- packing ---- */

/* Some columns of a matrix [inputs][outputs]: LANES of them, or as many as there are. */
typedef struct { const float *from; int64_t outputs; __m256i there; } Columns;

static inline Columns columns_from(const float *from, int64_t outputs, int64_t first)
{
    int64_t count = outputs - first;
    __m256i end = _mm256_set1_epi32(count < LANES ? (int)count : LANES);
    return (Columns){from + first, outputs, _mm256_cmpgt_epi32(end, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))};
}

static inline __m256 numbers(Columns columns, int64_t input)
{
    return _mm256_maskload_ps(columns.from + input * columns.outputs, columns.there);
}

/* The largest of each column between two inputs over `most` is its scale; what to multiply with is one over that. */
static inline __m256 factor_of(Columns columns, int64_t start, int64_t end, float most, float unit, float *scale)
{
    const __m256 sign = _mm256_set1_ps(-0.0f), whole = _mm256_set1_ps(most);
    __m256 largest = _mm256_setzero_ps();
    for (int64_t input = start; input < end; input++)
        largest = _mm256_max_ps(largest, _mm256_andnot_ps(sign, numbers(columns, input)));
    _mm256_storeu_ps(scale, _mm256_div_ps(largest, _mm256_set1_ps(most * unit)));
    return _mm256_and_ps(_mm256_cmp_ps(largest, _mm256_setzero_ps(), _CMP_GT_OQ), _mm256_div_ps(whole, largest));
}

/* An input of LANES columns in whole numbers; one that is not there is zero. */
static inline __m256i whole(Columns columns, int64_t input, int64_t inputs, __m256 factor, __m256 less)
{
    if (input >= inputs)
        return _mm256_setzero_si256();
    return _mm256_cvtps_epi32(_mm256_fmsub_ps(numbers(columns, input), factor, less));
}

/* The lower bytes of LANES pairs. */
static inline void store_pairs(__m256i first, __m256i second, int8_t *to)
{
    const __m256i byte = _mm256_set1_epi32(0xFF);
    __m256i both = _mm256_or_si256(_mm256_and_si256(first, byte), _mm256_slli_epi32(_mm256_and_si256(second, byte), 8));
    __m128i bytes = _mm_packus_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    _mm_storeu_si128((__m128i *)to, bytes);
}

/* `from` [inputs][outputs] packed with an even number of inputs: in 8 bits, the largest of an output being 127, or in 4,
   the largest of a chunk of an output being 7, without `scales`. */
void pack(const float *from, int64_t inputs, int64_t outputs, int64_t bits, int8_t *to, float *scales)
{
    const __m256i half = _mm256_set1_epi32(0xF);
    for (int64_t first = 0; first < outputs; first += WIDE) {
        Columns low = columns_from(from, outputs, first), high = columns_from(from, outputs, first + LANES);
        int64_t size = bits == 4 ? CHUNK : inputs;
        for (int64_t start = 0; start < inputs; start += size) {
            if (bits == 4) {
                scales = (float *)to;
                to += WIDE * sizeof *scales;
            }
            int64_t end = start + size < inputs ? start + size : inputs;
            float most = bits == 4 ? 7 : 127, unit = bits == 4 ? 16 : 1;
            __m256 low_factor = factor_of(low, start, end, most, unit, scales);
            __m256 high_factor = factor_of(high, start, end, most, unit, scales + LANES);
            for (int64_t input = start; input < end; input += 2, to += WIDE * bits / 4) {
                __m256i lows[2], highs[2];
                for (int i = 0; i < 2; i++) {
                    lows[i] = whole(low, input + i, inputs, low_factor, _mm256_setzero_ps());
                    __m256i there = _mm256_and_si256(lows[i], half);
                    __m256 less = bits == 4 ? _mm256_div_ps(_mm256_cvtepi32_ps(there), _mm256_set1_ps(unit))
                                            : _mm256_setzero_ps();
                    highs[i] = whole(high, input + i, inputs, high_factor, less);
                    if (bits == 4)
                        lows[i] = _mm256_or_si256(there, _mm256_slli_epi32(highs[i], 4));
                }
                store_pairs(lows[0], lows[1], to);
                if (bits == 8)
                    store_pairs(highs[0], highs[1], to + WIDE);
            }
        }
        scales += WIDE;
    }
}

/* ---- the team ---- */

static bool called(Team *team, unsigned long done)
{
    return atomic_load_explicit(&team->round, memory_order_acquire) != done;
}

/* Until the next step is asked for, awake at first: to be woken takes longer than what is between two steps. */
static void wait_for_step(Team *team, unsigned long done)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        sched_yield();
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (called(team, done))
            return;
    } while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < AWAKE_NS);
    pthread_mutex_lock(&team->lock);
    while (!called(team, done))
        pthread_cond_wait(&team->changed, &team->lock);
    pthread_mutex_unlock(&team->lock);
}

/* Every helper waits for the next round; a round without a call is the last one. */
static void *help(void *given)
{
    Helper *helper = given;
    Team *team = helper->team;
    for (unsigned long done = 0;; done++) {
        wait_for_step(team, done);
        if (!team->call)
            return NULL;
        step(team, helper->thread);
    }
}

/* A step with the calling thread as one of the team. */
void team_step(Team *team, const Model *model, const Call *call)
{
    pthread_mutex_lock(&team->lock);
    team->model = model;
    team->call = call;
    atomic_fetch_add_explicit(&team->round, 1, memory_order_release);
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->lock);
    if (call)
        step(team, 0);
}

void team_free(Team *team)
{
    team_step(team, NULL, NULL);
    for (int64_t i = 0; i < team->threads - 1; i++)
        pthread_join(team->helpers[i].id, NULL);
    pthread_cond_destroy(&team->changed);
    pthread_mutex_destroy(&team->lock);
    free(team->helpers);
    free(team);
}

/* With `which` of the products that the processor has. NULL where threads cannot be started. */
Team *team_new(int64_t threads, int64_t which)
{
    Team *team = aligned_alloc(64, sizeof *team);
    Helper *helpers = calloc((size_t)threads, sizeof *helpers);
    if (!team || !helpers) {
        free(team);
        free(helpers);
        return NULL;
    }
    memset(team, 0, sizeof *team);
    team->products = products + which;
    team->helpers = helpers;
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->changed, NULL);
    for (team->threads = 1; team->threads < threads; team->threads++) {
        Helper *helper = helpers + team->threads - 1;
        helper->team = team;
        helper->thread = team->threads;
        if (pthread_create(&helper->id, NULL, help, helper)) {
            team_free(team);
            return NULL;
        }
    }
    return team;
}

/* Where every field of a structure is, so that whoever calls can see that they mean the same. The last has no name. */
typedef struct { const char *name; int64_t offset, size; } Field;

#define PART(STRUCT, NAME, MEMBER) {#STRUCT "." #NAME, offsetof(STRUCT, MEMBER), sizeof((STRUCT *)NULL)->MEMBER}
#define FIELD(STRUCT, NAME) PART(STRUCT, NAME, NAME)
static const Field fields[] = {
    FIELD(Norm, weight), FIELD(Norm, bias),
    FIELD(Linear, weight), FIELD(Linear, scale), FIELD(Linear, bias), FIELD(Linear, inputs), FIELD(Linear, outputs),
    FIELD(Linear, bits),
    FIELD(Block, norm_1), FIELD(Block, norm_2), FIELD(Block, linears), FIELD(Block, scale),
    FIELD(Model, layers), FIELD(Model, width), FIELD(Model, heads), FIELD(Model, vocabulary), FIELD(Model, activation),
    FIELD(Model, epsilon), FIELD(Model, tokens), FIELD(Model, positions), FIELD(Model, blocks), FIELD(Model, norm),
    FIELD(Model, head),
    FIELD(Voice, rank), FIELD(Voice, embedding_rank), FIELD(Voice, a), FIELD(Voice, b), FIELD(Voice, e),
    FIELD(Voice, d), FIELD(Voice, t),
    FIELD(Group, voice), FIELD(Group, start), FIELD(Group, end), FIELD(Group, wanted_start), FIELD(Group, wanted_end),
    FIELD(Call, rows), FIELD(Call, groups), FIELD(Call, wanted), FIELD(Call, cache_blocks), FIELD(Call, table_width),
    FIELD(Call, deepest), FIELD(Call, highest), FIELD(Call, most), FIELD(Call, tokens), FIELD(Call, positions),
    FIELD(Call, sequences), FIELD(Call, tables), FIELD(Call, wanted_rows), FIELD(Call, group), FIELD(Call, cache),
    FIELD(Call, x), FIELD(Call, wide), PART(Call, even, even.whole), PART(Call, even_scale, even.scale),
    PART(Call, inner, inner.whole), PART(Call, inner_scale, inner.scale), PART(Call, low, low.whole),
    PART(Call, low_scale, low.scale), FIELD(Call, logits), FIELD(Call, scratch), FIELD(Call, room),
    FIELD(Call, maxima), FIELD(Call, values), FIELD(Call, places), FIELD(Call, chosen), FIELD(Call, temperature),
    FIELD(Call, top_p), FIELD(Call, top_k), FIELD(Call, uniform),
    {NULL, 0, 0},
};

const Field *struct_fields(void)
{
    return fields;
}
