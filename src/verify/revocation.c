/* revocation.c - the two certificate revocation lists, both mandatory (docs/verify-dcap.md B7, B8). */
#include "verify/internal.h"

/* How the fields of the one list or the other are called in errors. */
typedef struct crl_names {
    const char *list, *issuer, *signature, *extensions, *number, *authority_key_id, *this_update, *next_update;
} crl_names;

static const crl_names root_names = { "root_ca_crl", "root_ca_crl.issuer", "root_ca_crl.signatureValue",
                                      "root_ca_crl.crlExtensions", "root_ca_crl.cRLNumber",
                                      "root_ca_crl.authorityKeyIdentifier", "root_ca_crl.thisUpdate",
                                      "root_ca_crl.nextUpdate" };
static const crl_names pck_names = { "pck_crl", "pck_crl.issuer", "pck_crl.signatureValue",
                                     "pck_crl.crlExtensions", "pck_crl.cRLNumber",
                                     "pck_crl.authorityKeyIdentifier", "pck_crl.thisUpdate",
                                     "pck_crl.nextUpdate" };

static bool list_read(examination *x, chaos_slice text, crl *list, fault *why)
{
    chaos_slice der = { NULL, 0 };

    memset(list, 0, sizeof *list);
    return collateral_crl_der(text, &x->storage, &der, why) && crl_read(der, list, why);
}

/* One list: form, issuer, signature by that issuer, extensions, dates. `known_key`: who is known to have signed it. */
static chaos_status check_list(examination *x, chaos_slice text, const certificate *issuer, const crl_names *names,
                               const p256_key *known_key, crl *own, const crl **used)
{
    check_run *run = &x->claims->run;
    const crl *list = *used == NULL ? own : *used;
    fault why = { 0 };
    bool read = *used != NULL || list_read(x, text, own, &why);

    why.part = names->list;
    CHECK_READ(run, read, CRL, &why);
    *used = list;
    CHECK(run, slice_equal(list->issuer, issuer->subject), CRL, CRL_ISSUER, names->issuer, v_quoted(issuer->subject_cn),
          v_hex(list->issuer));
    CHECK(run,
          (known_key != NULL && same_key(known_key, &issuer->key)) ||
              signed_by(x, &issuer->key, list->tbs, &list->signature),
          CRL, CRL_SIGNATURE, names->signature, v_text("a signature of the issuer"), v_none());
    CHECK(run, !list->has_strange_critical_extension, CRL, CRL_EXTENSIONS, names->extensions,
          v_text("no critical extension"), v_text("one that is not known"));
    CHECK(run, list->number.size > 0, CRL, CRL_EXTENSIONS, names->number, v_text("a CRL number"), v_none());
    CHECK(run, slice_equal(list->authority_key_id, issuer->subject_key_id), CRL, CRL_EXTENSIONS,
          names->authority_key_id, v_hex(issuer->subject_key_id), v_hex(list->authority_key_id));
    CHECK(run, list->this_update <= x->now, CRL_DATES, CRL_NOT_YET_VALID, names->this_update, v_time(x->now),
          v_time(list->this_update));
    CHECK(run, x->now <= list->next_update, CRL_DATES, CRL_EXPIRED, names->next_update, v_time(x->now),
          v_time(list->next_update));
    note_collateral_validity(x, list->this_update, list->next_update);
    return CHAOS_OK;
}

chaos_status verify_crls(examination *x)
{
    check_run *run = &x->claims->run;
    const sealed_collateral *sealed = x->sealed;

    x->root_crl = sealed != NULL ? &sealed->root_crl : NULL;
    x->pck_crl = sealed != NULL ? &sealed->pck_crl : NULL;
    CHAOS_TRY(check_list(x, x->parts->root_ca_crl, &x->root_certificate, &root_names,
                         sealed != NULL ? &sealed->root_key : NULL, &x->own.root_crl, &x->root_crl));
    CHECK(run, !crl_lists(x->root_crl, x->ca.serial), REVOCATION, INTERMEDIATE_CA_REVOKED, "ca.serialNumber",
          v_text("a serial that is not listed"), v_hex(x->ca.serial));
    CHAOS_TRY(check_list(x, x->parts->pck_crl, &x->ca, &pck_names, sealed != NULL ? &sealed->ca_key : NULL,
                         &x->own.pck_crl, &x->pck_crl));
    x->claims->root_crl_issued = x->root_crl->this_update;
    x->claims->pck_crl_issued = x->pck_crl->this_update;
    if (x->quote == NULL) {
        return CHAOS_OK; /* there is no leaf */
    }
    CHECK(run, !crl_lists(x->pck_crl, x->leaf.serial), REVOCATION, PCK_REVOKED, "leaf.serialNumber",
          v_text("a serial that is not listed"), v_hex(x->leaf.serial));
    return CHAOS_OK;
}
