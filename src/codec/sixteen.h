/* sixteen.h - sixteen characters at a time, where the processor is known to have SSE2 (every x86-64 has). Elsewhere
 * CODEC_SIXTEEN is not defined, and the loops that end each text do the whole of it. */
#ifndef CODEC_SIXTEEN_H
#define CODEC_SIXTEEN_H

#ifdef __SSE2__
#define CODEC_SIXTEEN 1

#include <stdint.h>
#include <string.h>

typedef uint8_t sixteen __attribute__((vector_size(16)));

static inline sixteen sixteen_load(const uint8_t *p) /* p need not be aligned */
{
    sixteen text;
    memcpy(&text, p, sizeof text);
    return text;
}

/* Comparisons give all ones for each byte that is so and zeros for the others. SSE2 has them for signed bytes only, of
 * which the ones that are not ASCII are below zero. */
typedef int8_t sixteen_signed __attribute__((vector_size(16)));

static inline sixteen sixteen_less(sixteen text, char than)
{
    return (sixteen)((sixteen_signed)text < (int8_t)than);
}

/* From `first` to `last`, letters or digits. */
static inline sixteen sixteen_within(sixteen text, char first, char last)
{
    return (sixteen)((sixteen_signed)text > (int8_t)(first - 1)) & sixteen_less(text, (char)(last + 1));
}

/* One bit for each byte of a comparison's result, the first byte's lowest. */
static inline unsigned sixteen_bits(sixteen result)
{
    typedef char bytes __attribute__((vector_size(16)));
    return (unsigned)__builtin_ia32_pmovmskb128((bytes)result);
}

#define SIXTEEN_ALL 0xffffu /* sixteen_bits of all ones */
#endif

#endif
