/* rule_table.c - loading, the one function, and the table that it gives. */
#include <stddef.h>
#include <stdio.h>

#include "kit.h"

#define MANDATORY_SIZE (offsetof(chaos_provider, close) + sizeof(((chaos_provider *)NULL)->close))
#define MAX_SUMMARY (TEE_MAX_SUMMARY - 1)

KIT_RULE(rule_load)
{
    if (kit_load_object(run)) {
        kit_unload_object(run); /* as when the program that loaded it ends */
    }
}

KIT_RULE(rule_entry)
{
    if (!kit_load(run)) {
        return;
    }
    if (run->plugin->abi != CHAOS_PROVIDER_ABI) {
        kit_fail(run, "asked for ABI %u it gives a table of ABI %u", CHAOS_PROVIDER_ABI, run->plugin->abi);
    } else if (kit_entry(run, CHAOS_PROVIDER_ABI) != run->plugin) {
        kit_fail(run, "asked twice it gives two tables");
    }
}

KIT_RULE(rule_entry_unknown)
{
    static const uint32_t unknown[] = { 0, CHAOS_PROVIDER_ABI + 1, 0x7fffffffu, 0xffffffffu };
    if (!kit_load_object(run)) {
        return;
    }
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(unknown); i++) {
        if (kit_entry(run, unknown[i]) != NULL) {
            kit_fail(run, "%s(%u) gives a table", CHAOS_PROVIDER_ENTRY, unknown[i]);
        }
    }
}

KIT_RULE(rule_table_size)
{
    if (kit_load(run) && run->plugin->size < MANDATORY_SIZE) {
        kit_fail(run, "its size is %u; up to 'close' it has %zu bytes", run->plugin->size, MANDATORY_SIZE);
    }
}

KIT_RULE(rule_table_members)
{
    if (!kit_load(run)) {
        return;
    }
    const chaos_provider *p = run->plugin;
    const struct {
        const char *name;
        bool is_there;
    } members[] = {
        { "open", p->open != NULL },
        { "probe", p->probe != NULL },
        { "key", p->key != NULL },
        { "sign_digest", p->sign_digest != NULL },
        { "attest", p->attest != NULL },
        { "key_free", p->key_free != NULL },
        { "close", p->close != NULL },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(members); i++) {
        if (!members[i].is_there) {
            kit_fail(run, "the member '%s' is NULL", members[i].name);
        }
    }
}

KIT_RULE(rule_table_name)
{
    char quoted[80];
    if (!kit_load(run)) {
        return;
    }
    if (run->plugin->name == NULL) {
        kit_fail(run, "it is NULL");
        return;
    }
    const chaos_slice name = slice(run->plugin->name, strnlen(run->plugin->name, TEE_MAX_NAME));
    if (!slice_is(name, run->subject->name)) {
        kit_fail(run, "the table says '%s'", error_quote(quoted, sizeof quoted, name));
    }
}

KIT_RULE(rule_table_summary)
{
    if (!kit_load(run)) {
        return;
    }
    if (run->plugin->summary == NULL) {
        kit_fail(run, "it is NULL");
        return;
    }
    const size_t size = strnlen(run->plugin->summary, MAX_SUMMARY + 1);
    if (size == 0) {
        kit_fail(run, "it is empty");
    } else if (size > MAX_SUMMARY) {
        kit_fail(run, "it has more than %d bytes", MAX_SUMMARY);
    }
    for (size_t i = 0; i < size; i++) {
        if (run->plugin->summary[i] < ' ' || run->plugin->summary[i] > '~') {
            kit_fail(run, "byte %zu is no printable ASCII", i);
        }
    }
}
