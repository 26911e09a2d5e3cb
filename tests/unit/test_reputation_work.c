/* test_reputation_work.c - what the reading of hostile logs costs, counted, and that it says the same for all of them.
 * What feedback counts as, on a real chain: tests/life/test_reputation.c. */
#include "agent/place_index.h"
#include "agent/reputation.h"
#include "tests/support/support.h"

#define MANY 100000u

/* -------------------------------------------------------------------- index ---- */

static chaos_address address_of(uint32_t number)
{
    chaos_address a = { { 0 } };

    for (size_t i = 0; i < 4; i++) {
        a.bytes[16 + i] = (uint8_t)(number >> (24 - 8 * i));
    }
    return a;
}

static void test_index(void **state)
{
    static const struct {
        uint32_t address;
        uint64_t number;
        size_t place;
    } entries[] = { { 2, 1, 9 }, { 1, 1, 5 }, { 1, 2, 3 }, { 1, 1, 7 }, { 2, 0, 1 } };
    static const struct {
        uint32_t address;
        uint64_t number;
        size_t place;
        bool found;
        size_t value;
    } cases[] = {
        { 1, 1, 5, false, 0 },
        { 1, 1, 6, true, 5 },
        { 1, 1, 7, true, 5 },
        { 1, 1, 8, true, 7 },
        { 1, 2, 4, true, 3 },
        { 1, 0, 9, false, 0 },
        { 1, 3, 9, false, 0 },
        { 2, 1, 99, true, 9 },
        { 2, 0, 2, true, 1 },
        { 0, 1, 9, false, 0 },
        { 3, 1, 9, false, 0 },
    };
    place_index index = { .entries = NULL };

    (void)state;
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(entries); i++) {
        const place_entry entry = { address_of(entries[i].address), entries[i].number, entries[i].place,
                                    entries[i].place };
        assert_true(place_index_add(&index, &entry));
    }
    place_index_sort(&index);
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(cases); i++) {
        const chaos_address address = address_of(cases[i].address);
        size_t value = 0;

        assert_int_equal(place_index_before(&index, &address, cases[i].number, cases[i].place, &value),
                         cases[i].found);
        assert_int_equal(value, cases[i].value);
    }
    place_index_free(&index);
    assert_false(place_index_before(&index, &(chaos_address){ { 0 } }, 0, 1, &(size_t){ 0 }));
}

/* --------------------------------------------------------------------- line ---- */

typedef struct world {
    moment *moments;
    reputation_line line;
    chaos_reputation r;
    chaos_reputation_options options;
    chaos_address validators[2];
    uint64_t work;
} world;

static void begin(world *x)
{
    *x = (world){ .options = CHAOS_REPUTATION_OPTIONS_INIT };
    x->moments = calloc(2 * (size_t)MANY + 8, sizeof *x->moments);
    x->r.rows = calloc(MANY + 8, sizeof *x->r.rows);
    assert_true(x->moments != NULL && x->r.rows != NULL);
    x->line.moments = x->moments;
    x->validators[0] = address_of(7);
    x->validators[1] = address_of(8);
    x->options.validators = x->validators;
    x->options.validator_count = 2;
}

static void end(world *x)
{
    free(x->moments);
    free(x->r.rows);
}

static moment *add(world *x, moment_kind kind, uint32_t address)
{
    moment *m = &x->moments[x->line.count++];

    *m = (moment){ .kind = kind, .block = x->line.count, .address = address_of(address) };
    x->line.feedback_count += kind == MOMENT_FEEDBACK;
    return m;
}

static void go(world *x)
{
    assert_true(reputation_go_through(&x->r, &x->options, &x->line, &x->work));
    assert_true(x->r.row_count == x->line.feedback_count);
}

/* Feedback, then a revocation of each from the first on, and as many of what there never was: the worst for a search from
 * the end. */
static void test_revocations(void **state)
{
    world x;

    (void)state;
    begin(&x);
    for (uint32_t i = 0; i < MANY; i++) {
        add(&x, MOMENT_FEEDBACK, i % 3)->index = i;
    }
    for (uint32_t i = 0; i < MANY; i++) {
        add(&x, MOMENT_REVOKED, i % 3)->index = i % 2 == 0 ? i : i + MANY;
    }
    go(&x);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(x.r.rows[i].is_revoked, i % 2 == 0);
    }
    assert_true(x.work <= MANY * (uint64_t)18); /* 2^17 > MANY */
    end(&x);
}

/* Somebody else's, another index, and one that came before its feedback revoke nothing. */
static void test_revokes_its_own(void **state)
{
    world x;

    (void)state;
    begin(&x);
    add(&x, MOMENT_REVOKED, 1)->index = 1;
    add(&x, MOMENT_FEEDBACK, 1)->index = 1;
    add(&x, MOMENT_REVOKED, 2)->index = 1;
    add(&x, MOMENT_REVOKED, 1)->index = 2;
    add(&x, MOMENT_FEEDBACK, 1)->index = 3;
    add(&x, MOMENT_REVOKED, 1)->index = 3;
    go(&x);
    assert_false(x.r.rows[0].is_revoked);
    assert_true(x.r.rows[1].is_revoked);
    end(&x);
}

/* ----------------------------------------------------------------- operators ---- */

static void own(world *x, uint32_t owner)
{
    add(x, MOMENT_TRANSFER, owner);
}

static void operate(world *x, uint32_t owner, uint32_t validator, bool on)
{
    moment *m = add(x, MOMENT_OPERATOR, validator);

    m->owner = address_of(owner);
    m->has_value = on;
}

/* Key, wallet and expiry as they should be, a 100 of validator 7, and feedback: what it counts as is of interest. */
static chaos_backing vouched(world *x)
{
    moment *m = add(x, MOMENT_WALLET, 50);
    chaos_backing backing;

    m->has_value = true;
    add(x, MOMENT_KEY, 50)->has_value = true;
    m = add(x, MOMENT_EXPIRES, 0);
    m->has_value = true;
    m->expires = 1000;
    m = add(x, MOMENT_ANSWER, 7);
    m->response = 100;
    m->backing = CHAOS_BACKING_TEE;
    add(x, MOMENT_FEEDBACK, 60);
    go(x);
    backing = x->r.rows[0].backing;
    end(x);
    return backing;
}

static void test_operators(void **state)
{
    world x;

    (void)state;
    begin(&x); /* an operator of the owner, before the agent was his */
    operate(&x, 1, 7, true);
    own(&x, 1);
    assert_int_equal(vouched(&x), CHAOS_BACKING_NONE);
    begin(&x); /* and no more since */
    operate(&x, 1, 7, true);
    operate(&x, 1, 7, false);
    own(&x, 1);
    assert_int_equal(vouched(&x), CHAOS_BACKING_TEE);
    begin(&x); /* no more after the agent was his */
    operate(&x, 1, 7, true);
    own(&x, 1);
    operate(&x, 1, 7, false);
    assert_int_equal(vouched(&x), CHAOS_BACKING_TEE);
    begin(&x); /* of another owner */
    operate(&x, 2, 7, true);
    own(&x, 1);
    assert_int_equal(vouched(&x), CHAOS_BACKING_TEE);
    begin(&x); /* another validator is */
    operate(&x, 1, 8, true);
    own(&x, 1);
    assert_int_equal(vouched(&x), CHAOS_BACKING_TEE);
    begin(&x); /* back to the owner whose operator he is; listed twice */
    x.validators[1] = x.validators[0];
    own(&x, 1);
    operate(&x, 1, 7, true);
    own(&x, 2);
    own(&x, 1);
    assert_int_equal(vouched(&x), CHAOS_BACKING_NONE);
}

/* The agent goes to and fro between owners who have named operators without end. */
static void test_transfers(void **state)
{
    world x;

    (void)state;
    begin(&x);
    for (uint32_t i = 0; i < MANY; i++) {
        operate(&x, 1 + i % 2, 7, i % 3 == 0);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        own(&x, 1 + i % 2);
    }
    add(&x, MOMENT_FEEDBACK, 60);
    go(&x);
    assert_true(x.work <= 2 * MANY * (uint64_t)18);
    end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_revocations),
        cmocka_unit_test(test_revokes_its_own),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_transfers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
