/* A step of a causal language model with an adapter a voice, for x86 processors with AVX2, FMA and F16C, and for arm64. Where
   the processor has them, products use AVX-512 VNNI or AVX-VNNI instead.

   The base's matrices are int8 with a scale an output, packed as [outputs / WIDE][inputs / 2][WIDE][2] and filled up
   with zeros, so that a block of WIDE outputs is read from front to back. A voice's are int4 with a scale for each CHUNK
   inputs of an output, because with many voices reading them is most of a step: where an int8 matrix has two registers
   of numbers, 16 bytes hold both. The lower halves of the bytes are the first register. The whole bytes are the second
   one: given the lower halves, the upper halves are chosen so that the whole byte comes closest to the weight. The error
   is no larger, and reading the second register takes no extra work. What matrices are multiplied with is rounded, each
   CHUNK numbers of a row with a scale of their own: to int8 where the processor adds up four products of bytes at once
   (VNNI, dot products of arm64), and otherwise to int16, which costs less than fp16 would, and products of pairs
   add up twice as fast as fp32 ones do. Keys and values are fp16, everything else is fp32.
   Every output of a row is a sum over the chunks in their order, whatever else is computed beside it: a row's numbers
   are the same bits in any company and with any number of threads. Sums of whole numbers are exact, so all processors
   that round alike give the same bits.

   Knows numbers and threads. Does not know rows that come and go, text or Python. Nothing is checked here. */

#include "layout.h"

/* Returns true if the processor can run the kernels. */
bool kernels_run_here(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
#else
    return true;
#endif
}

#include "products.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    PATIENCE = 2000, /* how often a thread looks at a barrier before it lets others run */
    AWAKE_NS = 1000000,
    FEW = 16, /* numbers that are sorted by insertion */
};

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
    int64_t until;     /* no step of a call is begun after that, as `nanoseconds` counts */
    atomic_ulong over; /* the latest round that is to end with the step under way, or has ended */
};

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- where time goes, for benchmarks/phases.py: nothing of this is compiled without TIMED ---- */

#ifdef TIMED
enum { EMBED, NORM, DESCEND, ENTER, REMEMBER, ATTEND, LEAVE, INNER, DOWN, LOGITS, CHOOSE, WAITING, TIMES };
static _Thread_local double times[TIMES], waited, since;

/* Seconds of the processor that this thread has had: other processes do not count. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void passed(int phase)
{
    double now = seconds();
    times[phase] += now - since - waited;
    times[WAITING] += waited;
    since = now, waited = 0;
}

/* What each phase has taken of the calling thread so far. */
const double *phase_seconds(void)
{
    return times;
}
#define BEGIN() since = seconds()
#define PASSED(PHASE) passed(PHASE)
#define WAIT_FROM() double waits_from = seconds()
#define WAITED() waited += seconds() - waits_from
#else
#define BEGIN()
#define PASSED(PHASE)
#define WAIT_FROM()
#define WAITED()
#endif

/* ---- threads: at the end of a phase each waits for the others; then all take pieces of the next phase ---- */

static void barrier(Team *team)
{
    long phase = atomic_load_explicit(&team->phase, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) == team->threads - 1) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&team->next, 0, memory_order_relaxed);
        atomic_store_explicit(&team->phase, phase + 1, memory_order_release);
        return;
    }
    WAIT_FROM();
    for (long looks = 0; atomic_load_explicit(&team->phase, memory_order_acquire) == phase; looks++) {
        if (looks < PATIENCE)
            breathe();
        else
            sched_yield();
    }
    WAITED();
}

static inline int64_t next(Team *team)
{
    return atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed);
}

#define EACH(piece, pieces) for (int64_t piece; (piece = next(team)) < (pieces);)

/* ---- numbers ---- */

#ifndef LARGEST_SHORT
#define LARGEST_SHORT 32767 /* with 127, products of int16 must give the bits of those of int8 */
#endif

/* `count` numbers, a multiple of LANES, of a row from a chunk's start on, as these products want them. */
static void round_row(const Products *products, const float *from, int64_t start, int64_t count, Rounded row)
{
    bool bytes = products->kind == BYTES;
    float highest = bytes ? 127 : LARGEST_SHORT;
    Chunk *chunk = row.chunk + start / CHUNK;
    for (int64_t done = 0; done < count; done += CHUNK, chunk++) {
        int64_t end = done + CHUNK < count ? done + CHUNK : count;
        Floats largest = all(0), sum = all(0);
        for (int64_t i = done; i < end; i += LANES)
            largest = larger(largest, absolute(load(from + i)));
        float most = largest_of(largest);
        Floats factor = all(most > 0 ? highest / most : 0);
        for (int64_t i = done; i < end; i += LANES) {
            Wholes wholes = to_wholes(multiply(load(from + i), factor));
            if (bytes) {
                store_bytes((int8_t *)row.whole + start + i, wholes);
                sum = add(sum, to_floats(wholes));
            } else {
                store_shorts(row.whole + start + i, wholes);
            }
        }
        /* Of rows that hold no numbers, the sum would be larger than an int32 holds. */
        float total = fmaxf(-128 * CHUNK, fminf(128 * CHUNK, sum_of(sum)));
        *chunk = (Chunk){most / highest, -128 * (int32_t)total};
    }
}

/* ---- functions of numbers ---- */

/* e^x within 2 ulp, by Cody and Waite's reduction and the polynomial of Cephes' expf. */
static inline Floats exponential(Floats x)
{
    x = larger(smaller(x, all(88.0f)), all(-87.0f));
    Floats n = multiply(x, all(1.44269504f));
    n = nearest(n);
    Floats r = minus_multiply(n, all(0.693359375f), x);
    r = minus_multiply(n, all(-2.12194440e-4f), r);
    Floats p = all(1.9875691500e-4f);
    p = multiply_plus(p, r, all(1.3981999507e-3f));
    p = multiply_plus(p, r, all(8.3334519073e-3f));
    p = multiply_plus(p, r, all(4.1665795894e-2f));
    p = multiply_plus(p, r, all(1.6666665459e-1f));
    p = multiply_plus(p, r, all(5.0000001201e-1f));
    p = add(multiply_plus(p, multiply(r, r), r), all(1.0f));
    return times_power(p, n);
}

static void activate(int64_t activation, float *y, int64_t count)
{
    for (int64_t part = 0; part < count; part += LANES) {
        Floats x = load(y + part);
        if (activation == RELU) {
            x = larger(x, all(0));
        } else if (activation == GELU_ERF) {
            for (int64_t lane = part; lane < part + LANES; lane++)
                y[lane] = 0.5f * y[lane] * (1.0f + erff(y[lane] * (float)M_SQRT1_2));
            continue;
        } else {
            Floats inner = x; /* x times the logistic function of it; tanh(u) is 2 logistic(2 u) - 1 */
            if (activation == GELU_TANH)
                inner = multiply(
                    multiply(x, all(2 * 0.7978845608f)),
                    multiply_plus(multiply(x, x), all(0.044715f), all(1.0f)));
            Floats rest = exponential(subtract(all(0), inner));
            x = divide(x, add(rest, all(1.0f)));
        }
        store(y + part, x);
    }
}

/* x divided by its root mean square, times the weight (Zhang and Sennrich 2019); y may be x. */
static void normalize_square(const float *x, int64_t width, const float *weight, float epsilon, float *y)
{
    Floats squares = all(0);
    for (int64_t i = 0; i < width; i += LANES)
        squares = multiply_plus(load(x + i), load(x + i), squares);
    Floats scale = all(1.0f / sqrtf(sum_of(squares) / (float)width + epsilon));
    for (int64_t i = 0; i < width; i += LANES)
        store(y + i, multiply(multiply(load(x + i), scale), load(weight + i)));
}

static void normalize(const float *x, int64_t width, Norm norm, float epsilon, float *y)
{
    if (!norm.bias) {
        normalize_square(x, width, norm.weight, epsilon, y);
        return;
    }
    Floats sum = all(0), squares = all(0);
    for (int64_t i = 0; i < width; i += LANES)
        sum = add(sum, load(x + i));
    Floats mean = all(sum_of(sum) / (float)width);
    for (int64_t i = 0; i < width; i += LANES) {
        Floats away = subtract(load(x + i), mean);
        squares = multiply_plus(away, away, squares);
    }
    Floats scale = all(1.0f / sqrtf(sum_of(squares) / (float)width + epsilon));
    for (int64_t i = 0; i < width; i += LANES) {
        Floats even = multiply(subtract(load(x + i), mean), scale);
        even = multiply_plus(even, load(norm.weight + i), load(norm.bias + i));
        store(y + i, even);
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
        round_row(team->products, scratch, 0, width, to);
    }
    barrier(team);
}

/* Linear layers are numbered through all blocks; the head has this number. */
enum { HEAD = -1 };

/* The rows of a group that a layer reads, and the voice's factors for them. No rows if the voice has no factors. */
typedef struct { int64_t start, count; const Linear *a, *b; } Part;

static inline Part part_of(const Group *group, int64_t number)
{
    const Voice *voice = group->voice;
    if (!voice || !(number == HEAD ? voice->embedding_rank : voice->rank))
        return (Part){0};
    if (number == HEAD)
        return (Part){group->wanted_start, group->wanted_end - group->wanted_start, &voice->t, &voice->e};
    if (!voice->b[number].outputs)
        return (Part){0};
    return (Part){group->start, group->end - group->start, voice->a + number, voice->b + number};
}

/* Where the rows of `low` for the nth of several layers are. */
static inline Rounded low_of(const Call *call, int64_t nth)
{
    return from_row(call->low, nth * call->rows, call->highest);
}

/* low = x a for every voice and for `layers` layers that read the same x, of `stride` numbers a row. */
static void descend(Team *team, int64_t number, int64_t layers, Rounded x, int64_t stride, int64_t thread)
{
    const Call *call = team->call;
    float *scratch = call->scratch + thread * call->room;
    int64_t most = team->products->rows, tiles = (call->deepest + most - 1) / most, each = call->groups * tiles;
    EACH (piece, call->highest ? layers * each : 0) {
        int64_t nth = piece / each, group = piece % each / tiles;
        Part part = part_of(call->group + group, number + nth);
        int64_t first = piece % tiles * most, count = part.count - first < most ? part.count - first : most;
        if (count <= 0)
            continue;
        Range range = {part.a, 0, filled_up(part.a->outputs)}, then = range;
        Part next = part_of(call->group + (group + team->threads) % call->groups, number + nth);
        if (next.count)
            then = (Range){next.a, 0, filled_up(next.a->outputs)};
        Rounded from = from_row(x, part.start + first, stride);
        product(team->products, count, from, stride, range, false, scratch, call->highest, then);
        for (int64_t row = 0; row < count; row++) {
            Rounded to = from_row(low_of(call, nth), part.start + first + row, call->highest);
            round_row(team->products, scratch + row * call->highest, 0, range.end, to);
        }
    }
    barrier(team);
}

/* A layer to compute: its number among all layers, its place among those that read the same rows, and where it writes. */
typedef struct { const Linear *linear; int64_t number, nth; Rounded x; int64_t stride; float *y; int64_t y_stride; } Layer;

/* Some outputs of a layer for all of its rows: y = x times the layer + low b, added to what y holds if `add`. */
static void outputs_of(Team *team, Layer layer, int64_t start, int64_t end, bool add)
{
    const Call *call = team->call;
    int64_t rows = layer.number == HEAD ? call->wanted : call->rows;
    Range range = {layer.linear, start, end};
    product(team->products, rows, layer.x, layer.stride, range, add, layer.y, layer.y_stride, range);
    for (int64_t i = 0; i < call->groups; i++) {
        Part part = part_of(call->group + i, layer.number), next = part_of(call->group + (i + 1) % call->groups, layer.number);
        if (!part.count)
            continue;
        Range own = {part.b, start, end}, then = {next.count ? next.b : part.b, start, end};
        Rounded low = from_row(low_of(call, layer.nth), part.start, call->highest);
        product(team->products, part.count, low, call->highest, own, true, layer.y + part.start * layer.y_stride,
                layer.y_stride, then);
    }
}

/* How many of `outputs`, which all threads share, make one piece of work. */
static inline int64_t piece_of(const Team *team, int64_t outputs)
{
    int64_t most = outputs / (WIDE * 8 * team->threads) + 1;
    return WIDE * (most < MOST_BLOCKS ? most : MOST_BLOCKS);
}

/* All outputs of `count` layers that read the same rows, side by side in y. */
static void ascend(Team *team, Layer layer, int64_t count, bool add)
{
    int64_t total = 0;
    for (int64_t nth = 0; nth < count; nth++)
        total += filled_up(layer.linear[nth].outputs);
    int64_t some = piece_of(team, total), pieces = 0;
    for (int64_t nth = 0; nth < count; nth++)
        pieces += (filled_up(layer.linear[nth].outputs) + some - 1) / some;
    EACH (piece, pieces) {
        Layer own = layer;
        int64_t start = piece * some, outputs;
        while (start >= (outputs = filled_up(own.linear->outputs))) {
            start -= (outputs + some - 1) / some * some;
            own.y += outputs;
            own.linear++;
            own.number++;
            own.nth++;
        }
        outputs_of(team, own, start, start + some < outputs ? start + some : outputs, add);
    }
    barrier(team);
}

/* inner = the activation of a layer's output, times the next layer's output if the model is gated. */
static void ascend_inner(Team *team, Layer layer)
{
    const Model *model = team->model;
    const Call *call = team->call;
    int64_t outputs = model->inner, some = chunks(piece_of(team, outputs)) * CHUNK;
    EACH (piece, (outputs + some - 1) / some) {
        int64_t start = piece * some, end = start + some < outputs ? start + some : outputs;
        outputs_of(team, layer, start, end, false);
        if (model->gated) {
            Layer up = layer;
            up.linear++;
            up.number++;
            up.nth++;
            up.y += outputs;
            outputs_of(team, up, start, end, false);
        }
        for (int64_t row = 0; row < call->rows; row++) {
            Rounded to = from_row(call->inner, row, outputs);
            float *from = layer.y + row * layer.y_stride + start;
            activate(model->activation, from, end - start);
            for (int64_t i = 0; model->gated && i < end - start; i += LANES)
                store(from + i, multiply(load(from + i), load(from + outputs + i)));
            round_row(team->products, from, start, end - start, to);
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

/* x = the embeddings of the token and, where it has one, the position, and what the voice adds to that of the token. */
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
            float *x = call->x + row * apart(width);
            for (int64_t i = 0; i < width; i++)
                x[i] = entry(&model->tokens, i, token);
            const float *position = model->positions + (model->positions ? call->positions[row] * width : 0);
            for (int64_t i = 0; model->positions && i < width; i++)
                x[i] += position[i];
            if (!voice || !voice->embedding_rank)
                continue;
            Rounded own = from_row(call->low, row, call->highest);
            Range range = {&voice->d, 0, width};
            memset(scratch, 0, (size_t)call->highest * sizeof *scratch);
            for (int64_t i = 0; i < voice->e.inputs; i++)
                scratch[i] = entry(&voice->e, i, token);
            round_row(team->products, scratch, 0, call->highest, own);
            product(team->products, 1, own, call->highest, range, true, x, width, range);
        }
    }
    barrier(team);
}

/* Where the keys of a row's sequence at a position are. The values stand behind them. */
static inline uint16_t *cached(const Model *model, const Call *call, int64_t layer, int64_t row, int64_t position)
{
    int64_t block = call->tables[call->sequences[row] * call->table_width + position / POSITIONS];
    int64_t place = (layer * call->cache_blocks + block) * POSITIONS + position % POSITIONS;
    return call->cache + place * 2 * model->key_heads * model->size;
}

/* Turn each pair of a head's numbers, which stand half a head apart, by the angle of a position. */
static void turn(float *head, int64_t size, const float *turns)
{
    for (int64_t i = 0; i < size / 2; i += LANES) {
        Floats first = load(head + i), second = load(head + size / 2 + i);
        Floats cosine = load(turns + i), sine = load(turns + size / 2 + i);
        store(head + i, subtract(multiply(first, cosine), multiply(second, sine)));
        store(head + size / 2 + i, add(multiply(second, cosine), multiply(first, sine)));
    }
}

/* Norm and turn the heads of query and key, and keep key and value. */
static void remember(Team *team, int64_t layer)
{
    const Model *model = team->model;
    const Call *call = team->call;
    const Block *block = model->blocks + layer;
    int64_t size = model->size, queries = model->heads * size, keys = model->key_heads * size;
    EACH (row, call->rows) {
        float *query = call->wide + row * apart(entrance_of(model)), *key = query + queries;
        for (float *head = query; head < key + keys; head += size) {
            Norm norm = head < key ? block->query_norm : block->key_norm;
            if (norm.weight)
                normalize_square(head, size, norm.weight, model->epsilon, head);
            if (block->turned)
                turn(head, size, model->turns + call->positions[row] * size);
        }
        uint16_t *to = cached(model, call, layer, row, call->positions[row]);
        for (int64_t i = 0; i < 2 * keys; i += LANES)
            store_halves(to + i, load(key + i));
    }
    barrier(team);
}

/* One head of one row over all positions up to its own, into `to`. `size` is a constant where this is inlined. */
static inline __attribute__((always_inline)) void attend_head(
    const Model *model, const Call *call, int64_t layer, int64_t row, int64_t head, int64_t size, float *scores,
    float *to)
{
    const float *query = call->wide + row * apart(entrance_of(model)) + head * size;
    float scale = model->blocks[layer].scale, highest = -INFINITY;
    int64_t count = call->positions[row] + 1, whole = (count + LANES - 1) / LANES * LANES;
    int64_t offset = head / (model->heads / model->key_heads) * size, values = model->key_heads * size + offset;
    for (int64_t position = 0; position < count; position++) {
        const uint16_t *key = cached(model, call, layer, row, position) + offset;
        Floats sum = all(0);
        for (int64_t i = 0; i < size; i += LANES)
            sum = multiply_plus(load(query + i), of_halves(key + i), sum);
        scores[position] = sum_of(sum) * scale;
        highest = fmaxf(highest, scores[position]);
    }
    for (int64_t position = count; position < whole; position++)
        scores[position] = -INFINITY;
    Floats total = all(0);
    for (int64_t position = 0; position < whole; position += LANES) {
        Floats share = exponential(subtract(load(scores + position), all(highest)));
        store(scores + position, share);
    }
    for (int64_t position = count; position < whole; position++)
        scores[position] = 0;
    for (int64_t position = 0; position < whole; position += LANES)
        total = add(total, load(scores + position));
    Floats sums[MOST_SIZE / LANES];
    for (int64_t i = 0; i < size / LANES; i++)
        sums[i] = all(0);
    for (int64_t position = 0; position < count; position++) {
        const uint16_t *value = cached(model, call, layer, row, position) + values;
        Floats share = all(scores[position]);
        for (int64_t i = 0; i < size / LANES; i++)
            sums[i] = multiply_plus(share, of_halves(value + i * LANES), sums[i]);
    }
    Floats part = all(1.0f / sum_of(total));
    for (int64_t i = 0; i < size / LANES; i++)
        store(to + head * size + i * LANES, multiply(sums[i], part));
}

/* even = what every row sees */
static void attend(Team *team, int64_t layer, int64_t thread)
{
    const Model *model = team->model;
    const Call *call = team->call;
    int64_t size = model->size, width = model->heads * size;
    float *seen = call->scratch + thread * call->room, *scores = seen + width;
    EACH (row, call->rows) {
        Rounded to = from_row(call->even, row, width);
        for (int64_t head = 0; head < model->heads; head++) {
            if (size == 64)
                attend_head(model, call, layer, row, head, 64, scores, seen);
            else
                attend_head(model, call, layer, row, head, size, scores, seen);
        }
        round_row(team->products, seen, 0, width, to);
    }
    barrier(team);
}

/* ---- the largest logits ---- */

/* The kth largest of x [count]. Changes the order of x. k is at most count. */
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

/* A number that is larger for a larger logit and, among equal logits, for the smaller token. */
static uint64_t rank_of(float logit, int64_t token)
{
    float value = logit + 0.0f; /* -0 becomes 0 */
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits ^= bits >> 31 ? UINT32_MAX : UINT32_C(1) << 31;
    return (uint64_t)bits << 32 | (UINT32_MAX - (uint32_t)token);
}

static int64_t token_of(uint64_t rank)
{
    return UINT32_MAX - (uint32_t)rank;
}

/* Largest first, by Hoare's quicksort, and by insertion where few are left. The C library's qsort calls a function for
   each comparison: with 32 drafts of the embedded base it took a tenth of a step. */
static void sort_ranks(uint64_t *ranks, int64_t count)
{
    while (count > FEW) {
        uint64_t pivot = ranks[count / 2];
        int64_t i = 0, j = count - 1;
        while (i <= j) {
            while (ranks[i] > pivot)
                i++;
            while (ranks[j] < pivot)
                j--;
            if (i <= j) {
                uint64_t kept = ranks[i];
                ranks[i++] = ranks[j];
                ranks[j--] = kept;
            }
        }
        /* The shorter part by a call, so that calls are never deep. */
        if (j + 1 < count - i) {
            sort_ranks(ranks, j + 1);
            ranks += i, count -= i;
        } else {
            sort_ranks(ranks + i, count - i);
            count = j + 1;
        }
    }
    for (int64_t i = 1; i < count; i++) {
        uint64_t own = ranks[i];
        int64_t place = i;
        for (; place && ranks[place - 1] < own; place--)
            ranks[place] = ranks[place - 1];
        ranks[place] = own;
    }
}

/* The number of logits with one maximum: as many as leave twice as many groups as tokens to choose from. */
static int64_t group_size(int64_t vocabulary, int64_t most)
{
    int64_t size = MOST_GROUP;
    while (size > LEAST_GROUP && vocabulary < 2 * most * size)
        size /= 2;
    return size;
}

/* The ranks of the `most` largest of `logits`, largest first. Returns how many: fewer if some are no numbers.
   The kth largest of the groups' maxima is at most the kth largest of all, so few groups have to be looked through, and
   little more than `most` logits have to be sorted. `ranks` has room for twice as many. */
static int64_t largest_logits(const float *logits, int64_t vocabulary, int64_t most, float *maxima, uint64_t *ranks)
{
    int64_t size = group_size(vocabulary, most), groups = (vocabulary + size - 1) / size, count = 0;
    float *ordered = maxima + groups;
    for (int64_t group = 0; group < groups; group++) {
        const float *from = logits + group * size;
        int64_t left = vocabulary - group * size < size ? vocabulary - group * size : size, i = 0;
        Floats top = all(-INFINITY);
        float found = -INFINITY;
        for (; i + LANES <= left; i += LANES)
            top = larger(load(from + i), top);
        for (; i < left; i++)
            found = fmaxf(found, from[i]);
        maxima[group] = ordered[group] = fmaxf(found, largest_of(top));
    }
    float least = groups >= most ? kth_largest(ordered, groups, most) : -INFINITY;
    for (int64_t group = 0; group < groups; group++) {
        if (maxima[group] < least)
            continue;
        int64_t end = (group + 1) * size < vocabulary ? (group + 1) * size : vocabulary;
        for (int64_t first = group * size; first < end; first += LANES) {
            uint32_t found = at_least(load_some(logits + first, end - first), all(least));
            for (found &= (1u << (end - first < LANES ? end - first : LANES)) - 1; found; found &= found - 1) {
                int64_t token = first + __builtin_ctz(found);
                if (!(logits[token] >= least)) /* which may have risen since */
                    continue;
                if (count == 2 * most) {
                    sort_ranks(ranks, count);
                    count = most;
                    least = logits[token_of(ranks[most - 1])];
                }
                ranks[count++] = rank_of(logits[token], token);
            }
        }
    }
    sort_ranks(ranks, count);
    return count < most ? count : most;
}

/* The place of the token that `uniform` draws from `count` logits, largest first, after top-k, temperature and top-p in
   that order, as in sampling.py. The logits are overwritten. */
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

/* 2^x for x of at most 0, within 3 parts in a million: a polynomial for the rest of the nearest whole number, fitted by
   least squares whose weights follow the error. */
static inline Floats power_of_two(Floats x)
{
    x = larger(x, all(-126.0f));
    Floats n = nearest(x), r = subtract(x, n);
    Floats p = all(9.570101276e-3f);
    p = multiply_plus(p, r, all(5.591785908e-2f));
    p = multiply_plus(p, r, all(2.402474433e-1f));
    p = multiply_plus(p, r, all(6.931217909e-1f));
    p = multiply_plus(p, r, all(9.999992847e-1f));
    return times_power(p, n);
}

/* How unlikely a token with this logit is among all, in nats. `top` is the largest logit. */
static float nats_of(const float *logits, int64_t vocabulary, float top, float logit)
{
    const Floats twos = all(1.44269504f), least = all(1.44269504f * top);
    Floats shares = all(0);
    int64_t token = 0;
    for (; token + LANES <= vocabulary; token += LANES)
        shares = add(shares, power_of_two(multiply_minus(load(logits + token), twos, least)));
    float total = sum_of(shares);
    for (; token < vocabulary; token++)
        total += expf(logits[token] - top);
    return top + logf(total) - logit;
}

static void choose(Team *team, unsigned long round, int64_t made, int64_t thread)
{
    const Call *call = team->call;
    int64_t vocabulary = team->model->vocabulary, stride = apart(vocabulary);
    float *maxima = call->maxima + 2 * thread * ((vocabulary + LEAST_GROUP - 1) / LEAST_GROUP);
    float *values = call->values + thread * call->most;
    uint64_t *ranks = call->ranks + 2 * thread * call->most;
    EACH (row, call->chosen ? call->wanted : 0) {
        const float *logits = call->logits + row * stride;
        int64_t count = largest_logits(logits, vocabulary, call->most, maxima, ranks);
        for (int64_t i = 0; i < count; i++)
            values[i] = logits[token_of(ranks[i])];
        float top = count ? values[0] : 0;
        int64_t place = draw(
            values, count, call->temperature[row], call->top_p[row], call->top_k[row],
            call->uniform[row * call->ahead + made]);
        int64_t token = count ? token_of(ranks[place]) : 0, at = made * call->wanted + row;
        call->chosen[at] = call->tokens[row] = (int32_t)token;
        call->nats[at] = nats_of(logits, vocabulary, top, logits[token]);
        call->positions[row] += call->live[row];
        if (call->live[row] && token == call->end)
            atomic_store_explicit(&team->over, round, memory_order_relaxed);
    }
    if (!thread && nanoseconds() >= team->until)
        atomic_store_explicit(&team->over, round, memory_order_relaxed);
    barrier(team);
}

/* ---- steps ---- */

/* The step of a round after the `made` ones. */
static void step(Team *team, unsigned long round, int64_t made, int64_t thread)
{
    const Model *model = team->model;
    const Call *call = team->call;
    int64_t width = model->width, heads = model->heads * model->size, widest = apart(width);
    Rounded even = call->even, inner = call->inner;
    BEGIN();
    embed(team, thread);
    PASSED(EMBED);
    for (int64_t layer = 0; layer < model->layers; layer++) {
        const Block *block = model->blocks + layer;
        const Linear *linear = block->linears;
        int64_t number = layer * linears_of(model), count = model->entrances;
        norm_rows(team, NULL, call->rows, block->norm_1, thread);
        PASSED(NORM);
        descend(team, number, count, even, width, thread);
        PASSED(DESCEND);
        ascend(team, (Layer){linear, number, 0, even, width, call->wide, apart(entrance_of(model))}, count, false);
        PASSED(ENTER);
        remember(team, layer);
        PASSED(REMEMBER);
        attend(team, layer, thread);
        PASSED(ATTEND);
        linear += count, number += count;
        descend(team, number, 1, even, heads, thread);
        PASSED(DESCEND);
        ascend(team, (Layer){linear, number, 0, even, heads, call->x, widest}, 1, true);
        PASSED(LEAVE);
        linear++, number++;
        count = model->gated ? 2 : 1;
        norm_rows(team, NULL, call->rows, block->norm_2, thread);
        PASSED(NORM);
        descend(team, number, count, even, width, thread);
        PASSED(DESCEND);
        ascend_inner(team, (Layer){linear, number, 0, even, width, call->wide, apart(count * model->inner)});
        PASSED(INNER);
        linear += count, number += count;
        descend(team, number, 1, inner, model->inner, thread);
        PASSED(DESCEND);
        ascend(team, (Layer){linear, number, 0, inner, model->inner, call->x, widest}, 1, true);
        PASSED(DOWN);
    }
    norm_rows(team, call->wanted_rows, call->wanted, model->norm, thread);
    PASSED(NORM);
    descend(team, HEAD, 1, even, width, thread);
    PASSED(DESCEND);
    ascend(team, (Layer){&model->head, HEAD, 0, even, width, call->logits, apart(model->vocabulary)}, 1, false);
    PASSED(LOGITS);
    choose(team, round, made, thread);
    PASSED(CHOOSE);
}

/* The steps of a round, which has one call. Returns how many were made. If the round is over, that is known before the
   barrier at the end of its last step. A slow thread may look so late that a later round is over: then this one is, too. */
static int64_t steps(Team *team, unsigned long round, int64_t thread)
{
    int64_t made = 0, most = team->call->steps;
    do
        step(team, round, made++, thread);
    while (made < most && atomic_load_explicit(&team->over, memory_order_relaxed) < round);
    return made;
}

/* ---- packing ---- */

/* Columns of a matrix [inputs][outputs]: LANES of them, or fewer at the end. */
typedef struct { const float *from; int64_t outputs, count; } Columns;

static inline Columns columns_from(const float *from, int64_t outputs, int64_t first)
{
    int64_t count = outputs - first;
    return (Columns){from + first, outputs, count < 0 ? 0 : count < LANES ? count : LANES};
}

static inline Floats numbers(Columns columns, int64_t input)
{
    return load_some(columns.from + input * columns.outputs, columns.count);
}

/* The largest of each column between two inputs over `most` is its scale; what to multiply with is one over that. */
static inline Floats factor_of(Columns columns, int64_t start, int64_t end, float most, float unit, float *scale)
{
    const Floats whole = all(most);
    Floats largest = all(0);
    for (int64_t input = start; input < end; input++)
        largest = larger(largest, absolute(numbers(columns, input)));
    store(scale, divide(largest, all(most * unit)));
    return where_positive(largest, divide(whole, largest));
}

/* One input of LANES columns as whole numbers; zero for a column that does not exist. */
static inline Wholes whole(Columns columns, int64_t input, int64_t inputs, Floats factor, Floats less)
{
    if (input >= inputs)
        return no_wholes();
    return to_wholes(multiply_minus(numbers(columns, input), factor, less));
}

/* `from` [inputs][outputs] packed with an even number of inputs: in 8 bits, the largest of an output being 127, or in 4,
   the largest of a chunk of an output being 7, without `scales`. */
void pack(const float *from, int64_t inputs, int64_t outputs, int64_t bits, int8_t *to, float *scales)
{
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
            Floats low_factor = factor_of(low, start, end, most, unit, scales);
            Floats high_factor = factor_of(high, start, end, most, unit, scales + LANES);
            for (int64_t input = start; input < end; input += 2, to += WIDE * bits / 4) {
                Wholes lows[2], highs[2];
                for (int i = 0; i < 2; i++) {
                    lows[i] = whole(low, input + i, inputs, low_factor, all(0));
                    Wholes there = lowest_4_bits(lows[i]);
                    Floats less = bits == 4 ? divide(to_floats(there), all(unit))
                                            : all(0);
                    highs[i] = whole(high, input + i, inputs, high_factor, less);
                    if (bits == 4)
                        lows[i] = above_4_bits(there, highs[i]);
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

/* Wait for the next step, awake at first, because waking up takes longer than the pause between two steps. */
static void wait_for_step(Team *team, unsigned long done)
{
    int64_t until = nanoseconds() + AWAKE_NS;
    do {
        sched_yield();
        if (called(team, done))
            return;
    } while (nanoseconds() < until);
    pthread_mutex_lock(&team->lock);
    while (!called(team, done))
        pthread_cond_wait(&team->changed, &team->lock);
    pthread_mutex_unlock(&team->lock);
}

/* Every helper waits for the next round. A round without a call is the last one. */
static void *help(void *given)
{
    Helper *helper = given;
    Team *team = helper->team;
    for (unsigned long done = 0;; done++) {
        wait_for_step(team, done);
        if (!team->call)
            return NULL;
        steps(team, done + 1, helper->thread);
    }
}

/* Make the steps of a call, and return how many that were. The calling thread is one of the team. */
int64_t team_step(Team *team, const Model *model, const Call *call)
{
    pthread_mutex_lock(&team->lock);
    team->model = model;
    team->call = call;
    team->until = nanoseconds() + (call ? call->nanoseconds : 0);
    unsigned long round = 1 + atomic_fetch_add_explicit(&team->round, 1, memory_order_release);
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->lock);
    return call ? steps(team, round, 0) : 0;
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

/* A team that multiplies with products `which`, which the processor must have. NULL if threads cannot be started. */
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

/* Where every field of a structure is, so that callers can compare it with their own layout. The last has no name. */
typedef struct { const char *name; int64_t offset, size; } Field;

#define PART(STRUCT, NAME, MEMBER) {#STRUCT "." #NAME, offsetof(STRUCT, MEMBER), sizeof((STRUCT *)NULL)->MEMBER}
#define FIELD(STRUCT, NAME) PART(STRUCT, NAME, NAME)
static const Field fields[] = {
    FIELD(Norm, weight), FIELD(Norm, bias),
    FIELD(Linear, weight), FIELD(Linear, scale), FIELD(Linear, bias), FIELD(Linear, inputs), FIELD(Linear, outputs),
    FIELD(Linear, bits),
    FIELD(Block, norm_1), FIELD(Block, norm_2), FIELD(Block, query_norm), FIELD(Block, key_norm), FIELD(Block, linears),
    FIELD(Block, scale), FIELD(Block, turned),
    FIELD(Model, layers), FIELD(Model, width), FIELD(Model, heads), FIELD(Model, key_heads), FIELD(Model, size),
    FIELD(Model, inner), FIELD(Model, vocabulary), FIELD(Model, activation), FIELD(Model, entrances), FIELD(Model, gated),
    FIELD(Model, epsilon), FIELD(Model, tokens), FIELD(Model, positions), FIELD(Model, turns), FIELD(Model, blocks), FIELD(Model, norm),
    FIELD(Model, head),
    FIELD(Voice, rank), FIELD(Voice, embedding_rank), FIELD(Voice, a), FIELD(Voice, b), FIELD(Voice, e),
    FIELD(Voice, d), FIELD(Voice, t),
    FIELD(Group, voice), FIELD(Group, start), FIELD(Group, end), FIELD(Group, wanted_start), FIELD(Group, wanted_end),
    FIELD(Call, rows), FIELD(Call, groups), FIELD(Call, wanted), FIELD(Call, cache_blocks), FIELD(Call, table_width),
    FIELD(Call, deepest), FIELD(Call, highest), FIELD(Call, most), FIELD(Call, steps), FIELD(Call, nanoseconds), FIELD(Call, tokens),
    FIELD(Call, positions),
    FIELD(Call, sequences), FIELD(Call, tables), FIELD(Call, wanted_rows), FIELD(Call, group), FIELD(Call, cache),
    FIELD(Call, x), FIELD(Call, wide), PART(Call, even, even.whole), PART(Call, even_chunks, even.chunk),
    PART(Call, inner, inner.whole), PART(Call, inner_chunks, inner.chunk), PART(Call, low, low.whole),
    PART(Call, low_chunks, low.chunk), FIELD(Call, logits), FIELD(Call, scratch), FIELD(Call, room),
    FIELD(Call, maxima), FIELD(Call, values), FIELD(Call, ranks), FIELD(Call, chosen), FIELD(Call, nats),
    FIELD(Call, live), FIELD(Call, end), FIELD(Call, temperature), FIELD(Call, top_p), FIELD(Call, top_k),
    FIELD(Call, uniform), FIELD(Call, ahead),
    {NULL, 0, 0},
};

const Field *struct_fields(void)
{
    return fields;
}
