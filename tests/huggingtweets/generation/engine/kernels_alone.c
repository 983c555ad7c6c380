/* Steps of a small random model, without Python: what the kernels compute on this processor, as a number for each case.

   Every case is computed alone with one thread and in company with three, with the same bits. Other processors must
   print the same numbers. */

#include "kernels.c"

#include <assert.h>
#include <stdio.h>

enum { LAYERS_OF_IT = 2, WIDTH = 96, HEADS = 2, VOCABULARY = 307, INNER = 272, CONTEXT = 80, ROOM = 4096 };

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

static Norm norm(void)
{
    return (Norm){random_floats(WIDTH, 1), random_floats(WIDTH, 0.3f)};
}

static const int64_t INPUTS[LINEARS] = {WIDTH, WIDTH, WIDTH, INNER}, OUTPUTS[LINEARS] = {3 * WIDTH, WIDTH, INNER, WIDTH};

static Model model_of(int64_t activation)
{
    Block *blocks = calloc(LAYERS_OF_IT, sizeof *blocks);
    for (int layer = 0; layer < LAYERS_OF_IT; layer++) {
        blocks[layer] = (Block){.norm_1 = norm(), .norm_2 = norm(), .scale = 0.14f};
        for (int i = 0; i < LINEARS; i++)
            blocks[layer].linears[i] = linear(INPUTS[i], OUTPUTS[i], 8, true);
    }
    Linear head = linear(WIDTH, VOCABULARY, 8, false);
    return (Model){LAYERS_OF_IT, WIDTH, HEADS, VOCABULARY, activation, 1e-5f, head, random_floats(CONTEXT * WIDTH, 0.1f), blocks,
                   norm(), head};
}

static Voice voice_of(int64_t rank, int64_t embedding_rank)
{
    Linear *a = calloc(LAYERS_OF_IT * LINEARS, sizeof *a), *b = calloc(LAYERS_OF_IT * LINEARS, sizeof *b);
    for (int i = 0; i < LAYERS_OF_IT * LINEARS; i++) {
        a[i] = linear(INPUTS[i % LINEARS], rank, 4, false);
        b[i] = linear(rank, OUTPUTS[i % LINEARS], 4, false);
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
    int64_t rows = 0, widest = filled_up(3 * WIDTH), highest = 0, width = CONTEXT / POSITIONS + 1;
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
    assert(room >= WIDTH + width * POSITIONS && room >= WIDE_TILE * highest);
#define MEMORY(COUNT, SIZE) calloc((size_t)(COUNT), SIZE)
#define ROUNDED(COUNT) {MEMORY(rows * ((COUNT) + WIDE), 2), MEMORY(rows * (chunks(COUNT) + 1), 4)}
    Call call = {
        .rows = rows, .groups = number, .wanted = count, .cache_blocks = blocks, .table_width = width,
        .deepest = deepest, .highest = highest, .tokens = tokens, .positions = positions, .sequences = sequences,
        .tables = tables, .wanted_rows = wanted, .group = groups,
        .cache = MEMORY(LAYERS_OF_IT * blocks * POSITIONS * 2 * WIDTH, 2), .x = MEMORY(rows * apart(WIDTH), 4),
        .wide = MEMORY(rows * apart(widest), 4), .even = ROUNDED(WIDTH), .inner = ROUNDED(INNER), .low = ROUNDED(highest),
        .logits = MEMORY(count * apart(VOCABULARY), 4), .scratch = MEMORY(threads * room, 4), .room = room,
        .maxima = MEMORY(threads * 2 * (VOCABULARY / GROUP + 1), 4),
    };
    Team *team = team_new(threads, which);
    assert(team);
    team_step(team, model, &call);
    for (int64_t i = 0; i < count; i++)
        memcpy(cases[i].logits, call.logits + i * apart(VOCABULARY), sizeof cases[i].logits);
    team_free(team);
    free(tokens); free(positions); free(sequences); free(tables); free(wanted); free(groups); free(call.cache);
    free(call.x); free(call.wide); free(call.even.whole); free(call.even.scale); free(call.inner.whole);
    free(call.inner.scale); free(call.low.whole); free(call.low.scale); free(call.logits); free(call.scratch);
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

int main(void)
{
    int64_t which = AVX512_VNNI;
    while (which >= 0 && !has_products(which))
        which = which == AVX512_VNNI ? NEON : which == NEON ? AVX2 : -1;
    assert(which >= 0);
    for (int64_t activation = GELU_TANH; activation <= SILU; activation++) {
        if (activation == GELU_ERF)
            continue; /* by the C library, whose last bit is its own */
        Model model = model_of(activation);
        Voice small = voice_of(4, 0), large = voice_of(9, 6);
        const Voice *voices[] = {NULL, NULL, &small, &small, &large, &large, &large};
        Case cases[7];
        for (int i = 0; i < 7; i++)
            cases[i] = (Case){.voice = voices[i], .length = (int64_t[]){1, 33, 2, 70, 5, 12, 1}[i], .first = 11 * i};
        prefill(&model, 3, which, cases, 7);
        for (int i = 0; i < 7; i++) {
            Case alone = cases[i];
            prefill(&model, 1, which, &alone, 1);
            assert(!memcmp(alone.logits, cases[i].logits, sizeof alone.logits));
            printf("%d %d %016llx %.6f\n", (int)activation, i, (unsigned long long)number_of(alone.logits), alone.logits[3]);
        }
    }
    return 0;
}
