/* guest_methods.c - the methods of dstack's guest agent, API v0 and the older tappd, by name. */
#include <stdarg.h>
#include <stdio.h>

#include "sim/guest_state.h"

void guest_refuse(guest_answer *answer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(answer->error, sizeof answer->error, format, arguments);
    va_end(arguments);
}

void guest_fault(guest_answer *answer)
{
    answer->ours = CHAOS_E_INTERNAL;
}

static void emit_event(guest *g, const guest_arguments *a, guest_answer *answer)
{
    const char *why = NULL;
    chaos_status status = guest_extend(g, a->event, a->payload, &why);
    if (status == CHAOS_OK) {
        json_write_object(&answer->w, NULL);
        json_write_object_end(&answer->w);
    } else if (why != NULL) {
        guest_refuse(answer, "%s", why);
    } else {
        guest_fault(answer);
    }
}

static const struct method {
    guest_api api;
    const char *name;
    guest_method *call;
} methods[] = {
    { GUEST_API_DSTACK, "GetKey", guest_get_key },
    { GUEST_API_DSTACK, "GetTlsKey", guest_get_tls_key },
    { GUEST_API_DSTACK, "GetQuote", guest_get_quote },
    { GUEST_API_DSTACK, "Attest", guest_attest },
    { GUEST_API_DSTACK, "EmitEvent", emit_event },
    { GUEST_API_DSTACK, "Info", guest_info },
    { GUEST_API_DSTACK, "Sign", guest_sign },
    { GUEST_API_DSTACK, "Verify", guest_verify },
    { GUEST_API_DSTACK, "Version", guest_version },
    { GUEST_API_TAPPD, "DeriveKey", guest_derive_key },
    { GUEST_API_TAPPD, "DeriveK256Key", guest_derive_k256_key },
    { GUEST_API_TAPPD, "TdxQuote", guest_tdx_quote },
    { GUEST_API_TAPPD, "RawQuote", guest_raw_quote },
    { GUEST_API_TAPPD, "Info", guest_info },
    { GUEST_API_TAPPD, "Version", guest_version },
};

bool guest_call(guest *g, guest_api api, const char *method, const guest_arguments *arguments,
                guest_answer *answer)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(methods); i++) {
        if (methods[i].api == api && strcmp(methods[i].name, method) == 0) {
            methods[i].call(g, arguments, answer);
            return true;
        }
    }
    return false;
}
