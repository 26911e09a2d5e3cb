/* validator.c - a validator: answers every request that names its account, once each, and goes on looking.
 *
 *     echo PASSPHRASE | ./validator RPC-URL IDENTITY VALIDATION KEYSTORE JOURNAL FOLDER COLLATERAL ROUNDS \
 *                                   [BASE [TRUST-ROOT POLICY]]
 *
 * FOLDER gets the reports (and is looked into for content, at BASE too); ROUNDS is how often it looks, two seconds
 * apart; 0 is for ever. Roots, policy and collateral are its own: nothing that an agent chose is believed. Needs no TEE.
 * Exit code: 0, or 5 when a round could not be made. */
#include <chaoschain/validator.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_FILE (4u * 1024u * 1024u)

static chaos_slice read_file(const char *path)
{
    chaos_slice bytes = { NULL, 0 };
    uint8_t *data = malloc(MAX_FILE);
    FILE *file = fopen(path, "rb");

    if (data != NULL && file != NULL) {
        bytes.size = fread(data, 1, MAX_FILE, file);
        bytes.data = data;
        data = NULL;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    free(data);
    return bytes;
}

/* What a validator holds, freed in the other direction. */
typedef struct bob {
    chaos_rpc *rpc;
    chaos_registries *registries;
    chaos_account *account;
    chaos_sender *sender;
    chaos_content *content;
    chaos_trust *trust;
    chaos_slice collateral, root, policy;
    chaos_validator *validator;
} bob;

static chaos_status open_account(bob *b, const char *keystore, chaos_error *err)
{
    char line[256] = "";
    chaos_slice passphrase = { (const uint8_t *)line, 0 };
    chaos_status status;

    if (fgets(line, sizeof line, stdin) != NULL) {
        passphrase.size = strcspn(line, "\r\n");
    }
    status = chaos_account_open_keystore(keystore, passphrase, &b->account, err);
    explicit_bzero(line, sizeof line);
    return status;
}

static chaos_status open_chain(bob *b, char **argv, chaos_error *err)
{
    const char *const urls[] = { argv[1] };
    chaos_rpc_options node = CHAOS_RPC_OPTIONS_INIT;
    chaos_registries_options where = CHAOS_REGISTRIES_OPTIONS_INIT;
    chaos_sender_options sending = CHAOS_SENDER_OPTIONS_INIT;
    chaos_status status = chaos_address_parse(argv[2], &where.identity, err);

    node.urls = urls;
    node.url_count = 1;
    status = status == CHAOS_OK ? chaos_address_parse(argv[3], &where.validation, err) : status;
    status = status == CHAOS_OK ? chaos_rpc_open(&node, &b->rpc, err) : status;
    where.rpc = b->rpc;
    where.has_identity = true;
    where.has_validation = true;
    status = status == CHAOS_OK ? chaos_registries_open(&where, &b->registries, err) : status;
    status = status == CHAOS_OK ? open_account(b, argv[4], err) : status;
    sending.rpc = b->rpc;
    sending.account = b->account;
    sending.journal = argv[5];
    return status == CHAOS_OK ? chaos_sender_open(&sending, &b->sender, err) : status;
}

static chaos_status open_judge(bob *b, int argc, char **argv, chaos_error *err)
{
    chaos_content_options where = CHAOS_CONTENT_OPTIONS_INIT;
    chaos_validator_config config = CHAOS_VALIDATOR_CONFIG_INIT;
    chaos_status status;

    where.folder = argv[6];
    where.base = argc > 9 ? argv[9] : NULL;
    b->collateral = read_file(argv[7]);
    b->root = argc > 10 ? read_file(argv[10]) : b->root;
    b->policy = argc > 11 ? read_file(argv[11]) : b->policy;
    status = chaos_content_open(&where, &b->content, err);
    status = status == CHAOS_OK ? chaos_trust_new(&b->trust, err) : status;
    if (status == CHAOS_OK && b->root.size > 0) {
        status = chaos_trust_add_root(b->trust, b->root, err);
    }
    config.registries = b->registries;
    config.sender = b->sender;
    config.content = b->content;
    config.store = argv[5]; /* the journal will do: it keeps what was decided, too */
    config.trust = b->trust;
    config.policy = b->policy;
    config.collateral = b->collateral;
    return status == CHAOS_OK ? chaos_validator_open(&config, &b->validator, err) : status;
}

static void say(const chaos_keccak *request, const chaos_validation_result *result)
{
    printf("0x");
    for (size_t i = 0; i < sizeof request->bytes; i++) {
        printf("%02x", request->bytes[i]);
    }
    printf(" %s", chaos_decision_name(result->decision));
    if (result->decision == CHAOS_DECISION_ANSWER) {
        printf(" %u %s", (unsigned)result->response, result->tag);
    }
    printf("%s%s\n", result->reason.status == CHAOS_OK ? "" : ": ", result->reason.text);
    (void)fflush(stdout);
}

/* Every request that names this account. One that was answered is done; one that cannot be judged now is for the next
 * round: a fault of ours is never an answer. */
static chaos_status look(bob *b, chaos_error *err)
{
    const chaos_address self = chaos_sender_address(b->sender);
    chaos_hash_list *requests = NULL;
    chaos_status status = chaos_validation_of_validator(b->registries, &self, NULL, &requests, err);

    for (size_t i = 0; status == CHAOS_OK && i < chaos_hash_list_count(requests); i++) {
        const chaos_keccak *request = chaos_hash_list_at(requests, i);
        chaos_validation_result result = { .verdict = NULL };

        status = chaos_validator_validate(b->validator, request, (int64_t)time(NULL), &result, err);
        if (status == CHAOS_OK) {
            say(request, &result);
        }
        chaos_verdict_free(result.verdict);
    }
    chaos_hash_list_free(requests);
    return status;
}

static int work(bob *b, unsigned long rounds)
{
    const struct timespec pause = { 2, 0 };
    int code = 0;

    for (unsigned long i = 0; rounds == 0 || i < rounds; i++) {
        chaos_error err = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };

        code = look(b, &err) == CHAOS_OK ? 0 : 5;
        if (code != 0) { /* the node, perhaps: it is asked again */
            fprintf(stderr, "%s: %s\n", chaos_status_name(err.status), err.text);
        }
        if (i + 1 != rounds) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return code;
}

static void close_all(bob *b)
{
    chaos_validator_free(b->validator);
    chaos_trust_free(b->trust);
    chaos_content_free(b->content);
    chaos_sender_free(b->sender);
    chaos_account_free(b->account);
    chaos_registries_free(b->registries);
    chaos_rpc_free(b->rpc);
    free((void *)b->collateral.data);
    free((void *)b->root.data);
    free((void *)b->policy.data);
}

int main(int argc, char **argv)
{
    bob b = { .rpc = NULL };
    chaos_error err = { CHAOS_OK, NULL, CHAOS_NO_OFFSET, "", "", "" };
    int code;

    if (argc < 9) {
        fprintf(stderr, "usage: validator RPC-URL IDENTITY VALIDATION KEYSTORE JOURNAL FOLDER COLLATERAL ROUNDS "
                        "[BASE [ROOT POLICY]]\n");
        return 64;
    }
    if (open_chain(&b, argv, &err) != CHAOS_OK || open_judge(&b, argc, argv, &err) != CHAOS_OK) {
        fprintf(stderr, "%s: %s\n", chaos_status_name(err.status), err.text);
        code = 5;
    } else {
        code = work(&b, strtoul(argv[8], NULL, 10));
    }
    close_all(&b);
    return code;
}
