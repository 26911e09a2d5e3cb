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

#define TLS_ARGUMENTS "subject alt_names usage_ra_tls usage_server_auth usage_client_auth"

static const guest_method_row methods[] = {
    { GUEST_API_DSTACK, "GetKey", guest_get_key, "path purpose algorithm" },
    { GUEST_API_DSTACK, "GetTlsKey", guest_get_tls_key, TLS_ARGUMENTS " not_before not_after with_app_info" },
    { GUEST_API_DSTACK, "GetQuote", guest_get_quote, "report_data" },
    { GUEST_API_DSTACK, "Attest", guest_attest, "report_data" },
    { GUEST_API_DSTACK, "EmitEvent", emit_event, "event payload" },
    { GUEST_API_DSTACK, "Info", guest_info, "" },
    { GUEST_API_DSTACK, "Sign", guest_sign, "algorithm data" },
    { GUEST_API_DSTACK, "Verify", guest_verify, "algorithm data signature public_key" },
    { GUEST_API_DSTACK, "Version", guest_version, "" },
    { GUEST_API_TAPPD, "DeriveKey", guest_derive_key, TLS_ARGUMENTS " path random_seed" },
    { GUEST_API_TAPPD, "DeriveK256Key", guest_derive_k256_key, "path purpose algorithm" },
    { GUEST_API_TAPPD, "TdxQuote", guest_tdx_quote, "report_data hash_algorithm prefix" },
    { GUEST_API_TAPPD, "RawQuote", guest_raw_quote, "report_data" },
    { GUEST_API_TAPPD, "Info", guest_info, "" },
    { GUEST_API_TAPPD, "Version", guest_version, "" },
};

const guest_method_row *guest_find_method(guest_api api, const char *name)
{
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(methods); i++) {
        if (methods[i].api == api && strcmp(methods[i].name, name) == 0) {
            return &methods[i];
        }
    }
    return NULL;
}
