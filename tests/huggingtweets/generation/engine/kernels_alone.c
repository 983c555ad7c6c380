/* Steps of small random models, without Python: what the kernels compute with all products of this processor, as a number
   for each case. The first number of a line is the largest whole number that rows are rounded to.

   Every case is computed alone with one thread and in company with three, with the same bits. Other processors and
   products that round alike must print the same numbers. */

#include "kernels.c"

#include <assert.h>
#include <stdio.h>

enum { LAYERS_OF_IT = 2, WIDTH = 96, SIZE = 48, VOCABULARY = 307, INNER = 272, CONTEXT = 80, ROOM = 4096, MOST_LINEARS = 7 };

static uint64_t state = 1;

static float chance(float spread)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return spread * (float)((double)(state >> 33) / (1u << 30) - 1.0);
}

static float *random_floats(int64_t count, float spread)
{
    float *all_of_them = calloc((size_t)count + WIDE, sizeof *all_of_them);
    for (int64_t i = 0; i < count; i++)
        all_of_them[i] = chance(spread);
    return all_of_them;
}

static Linear linear(int64_t inputs, int64_t outputs, int64_t bits, bool with_bias)
{
    int64_t even = inputs + inputs % 2;
    float *given = random_floats(inputs * outputs, 0.3f), *scales = random_floats(filled_up(outputs), 0);
    int64_t size = filled_up(outputs) * (even * bits / 8 + (bits == 4 ? 4 * chunks(even) : 0));
    int8_t *whole = calloc((size_t)size, 1);
    pack(given, inputs, outputs, bits, whole, bits == 4 ? NULL : scales);
    free(given);
    return (Linear){whole, scales, with_bias ? random_floats(filled_up(outputs), 0.3f) : NULL, even, outputs, bits};
}

static Norm norm(int64_t width, bool with_bias)
{
    return (Norm){random_floats(width, 1), with_bias ? random_floats(width, 0.3f) : NULL};
}

/* Heads, and whether it is Llama's shape or GPT-2's. */
typedef struct { int64_t heads, key_heads; bool llama, head_norms; } Shape;

/* The inputs and outputs of the linear layers of a block; how many there are. */
static int64_t linears_of_shape(Shape shape, int64_t inputs[MOST_LINEARS], int64_t outputs[MOST_LINEARS])
{
    int64_t all_heads = shape.heads * SIZE, keys = shape.key_heads * SIZE, count = 0;
#define ADD(INPUTS, OUTPUTS) inputs[count] = INPUTS, outputs[count++] = OUTPUTS
    if (shape.llama) {
        ADD(WIDTH, all_heads);
        ADD(WIDTH, keys);
        ADD(WIDTH, keys);
    } else {
        ADD(WIDTH, all_heads + 2 * keys);
    }
    ADD(all_heads, WIDTH);
    if (shape.llama)
        ADD(WIDTH, INNER);
    ADD(WIDTH, INNER);
    ADD(INNER, WIDTH);
    return count;
}

static Model model_of(Shape shape, int64_t activation)
{
    Block *blocks = calloc(LAYERS_OF_IT, sizeof *blocks);
    int64_t inputs[MOST_LINEARS], outputs[MOST_LINEARS], count = linears_of_shape(shape, inputs, outputs);
    for (int layer = 0; layer < LAYERS_OF_IT; layer++) {
        Linear *linears = calloc((size_t)count, sizeof *linears);
        for (int i = 0; i < count; i++)
            linears[i] = linear(inputs[i], outputs[i], 8, !shape.llama);
        blocks[layer] = (Block){norm(WIDTH, !shape.llama), norm(WIDTH, !shape.llama), {0}, {0}, linears, 0.14f, shape.llama && layer % 2};
        if (shape.head_norms)
            blocks[layer].query_norm = norm(SIZE, false), blocks[layer].key_norm = norm(SIZE, false);
    }
    Linear head = linear(WIDTH, VOCABULARY, 8, false);
    return (Model){
        .layers = LAYERS_OF_IT, .width = WIDTH, .heads = shape.heads, .key_heads = shape.key_heads, .size = SIZE,
        .inner = INNER, .vocabulary = VOCABULARY, .activation = activation, .entrances = shape.llama ? 3 : 1,
        .gated = shape.llama, .epsilon = 1e-5f, .tokens = head,
        .positions = shape.llama ? NULL : random_floats(CONTEXT * WIDTH, 0.1f),
        .turns = shape.llama ? random_floats(CONTEXT * SIZE, 1) : NULL, .blocks = blocks,
        .norm = norm(WIDTH, !shape.llama), .head = head,
    };
}

static Voice voice_of(Shape shape, int64_t rank, int64_t embedding_rank)
{
    int64_t inputs[MOST_LINEARS], outputs[MOST_LINEARS], count = linears_of_shape(shape, inputs, outputs);
    size_t all_of_them = (size_t)(LAYERS_OF_IT * count);
    Linear *a = calloc(all_of_them, sizeof *a), *b = calloc(all_of_them, sizeof *b);
    for (size_t i = 0; i < all_of_them; i++) {
        a[i] = linear(inputs[i % (size_t)count], rank, 4, false);
        b[i] = linear(rank, outputs[i % (size_t)count], 4, false);
    }
    Voice voice = {rank, embedding_rank, a, b, {0}, {0}, {0}};
    if (embedding_rank) {
        voice.e = linear(embedding_rank, VOCABULARY, 4, false);
        voice.d = linear(embedding_rank, WIDTH, 8, false);
        voice.t = linear(WIDTH, embedding_rank, 8, false);
    }
    return voice;
}

/* A prompt of a voice; its logits are put into `logits`. Sequences of one voice stand together. */
typedef struct { const Voice *voice; int64_t length; int32_t first; float logits[VOCABULARY]; } Case;

static void prefill(const Model *model, int64_t threads, int64_t which, Case *cases, int64_t count)
{
    int64_t rows = 0, highest = 0, width = CONTEXT / POSITIONS + 1, heads = model->heads * SIZE;
    int64_t widest = entrance_of(model) > 2 * INNER ? entrance_of(model) : 2 * INNER;
    for (int64_t i = 0; i < count; i++)
        rows += cases[i].length;
    int32_t *tokens = calloc((size_t)rows, 4), *positions = calloc((size_t)rows, 4), *sequences = calloc((size_t)rows, 4);
    int32_t *tables = calloc((size_t)(count * width), 4), *wanted = calloc((size_t)count, 4);
    Group *groups = calloc((size_t)count, sizeof *groups);
    int64_t number = 0, deepest = 0, row = 0;
    for (int64_t i = 0; i < count; i++) {
        const Voice *voice = cases[i].voice;
        if (!i || voice != cases[i - 1].voice)
            groups[number++] = (Group){voice, row, row, i, i};
        for (int64_t at = 0; at < cases[i].length; at++, row++) {
            tokens[row] = (int32_t)((cases[i].first + 7 * at) % VOCABULARY);
            positions[row] = (int32_t)at;
            sequences[row] = (int32_t)i;
        }
        for (int64_t block = 0; block < width; block++)
            tables[i * width + block] = (int32_t)(i * width + block);
        wanted[i] = (int32_t)row - 1;
        groups[number - 1].end = row;
        groups[number - 1].wanted_end = i + 1;
        int64_t own = voice ? filled_up(voice->rank > voice->embedding_rank ? voice->rank : voice->embedding_rank) : 0;
        highest = own > highest ? own : highest;
    }
    for (int64_t i = 0; i < number; i++)
        deepest = groups[i].end - groups[i].start > deepest ? groups[i].end - groups[i].start : deepest;
    int64_t blocks = count * width, room = ROOM;
    assert(room >= WIDTH + heads + width * POSITIONS && room >= WIDE_TILE * highest);
#define MEMORY(COUNT, SIZE) calloc((size_t)(COUNT), SIZE)
#define ROUNDED(COUNT) {MEMORY(rows * ((COUNT) + WIDE), 2), MEMORY(rows * (chunks(COUNT) + 1), sizeof(Chunk))}
    Call call = {
        .rows = rows, .groups = number, .wanted = count, .cache_blocks = blocks, .table_width = width,
        .deepest = deepest, .highest = highest, .tokens = tokens, .positions = positions, .sequences = sequences,
        .tables = tables, .wanted_rows = wanted, .group = groups,
        .cache = MEMORY(LAYERS_OF_IT * blocks * POSITIONS * 2 * model->key_heads * SIZE, 2), .x = MEMORY(rows * apart(WIDTH), 4),
        .wide = MEMORY(rows * apart(widest), 4), .even = ROUNDED(WIDTH + heads), .inner = ROUNDED(INNER),
        .low = {MEMORY(3 * rows * highest + WIDE, 2), MEMORY(3 * rows * chunks(highest) + 1, sizeof(Chunk))},
        .logits = MEMORY(count * apart(VOCABULARY), 4), .scratch = MEMORY(threads * room, 4), .room = room,
        .maxima = MEMORY(threads * 2 * (VOCABULARY / LEAST_GROUP + 1), 4),
    };
    Team *team = team_new(threads, which);
    assert(team);
    team_step(team, model, &call);
    for (int64_t i = 0; i < count; i++)
        memcpy(cases[i].logits, call.logits + i * apart(VOCABULARY), sizeof cases[i].logits);
    team_free(team);
    free(tokens); free(positions); free(sequences); free(tables); free(wanted); free(groups); free(call.cache);
    free(call.x); free(call.wide); free(call.even.whole); free(call.even.chunk); free(call.inner.whole);
    free(call.inner.chunk); free(call.low.whole); free(call.low.chunk); free(call.logits); free(call.scratch);
    free(call.maxima);
}

static uint64_t number_of(const float *logits)
{
    uint64_t hash = 14695981039346656037u;
    for (int i = 0; i < VOCABULARY; i++) {
        uint32_t bits;
        memcpy(&bits, logits + i, sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    return hash;
}

static void compute_all(int64_t which)
{
    int largest = products[which].kind == BYTES ? 127 : LARGEST_SHORT;
    Shape shapes[] = {{2, 2, false, false}, {2, 2, false, false}, {2, 2, false, false}, {4, 2, true, false}, {3, 1, true, true}};
    int64_t activations[] = {GELU_TANH, RELU, SILU, SILU, GELU_TANH}; /* GELU_ERF is the C library's, with its own last bit */
    state = 1;
    for (int number = 0; number < 5; number++) {
        Shape shape = shapes[number];
        Model model = model_of(shape, activations[number]);
        Voice small = voice_of(shape, 3, 0), large = voice_of(shape, 9, 6);
        const Voice *voices[] = {NULL, NULL, &small, &small, &large, &large, &large};
        Case cases[7];
        for (int i = 0; i < 7; i++)
            cases[i] = (Case){.voice = voices[i], .length = (int64_t[]){1, 33, 2, 70, 5, 12, 1}[i], .first = 11 * i};
        prefill(&model, 3, which, cases, 7);
        for (int i = 0; i < 7; i++) {
            Case alone = cases[i];
            prefill(&model, 1, which, &alone, 1);
            assert(!memcmp(alone.logits, cases[i].logits, sizeof alone.logits));
            printf("%d %d %d %016llx %.6f\n", largest, number, i, (unsigned long long)number_of(alone.logits), alone.logits[3]);
        }
    }
}

int main(void)
{
    for (int64_t which = 0; which < ALL_PRODUCTS; which++)
        if (has_products(which))
            compute_all(which);
    return 0;
}
