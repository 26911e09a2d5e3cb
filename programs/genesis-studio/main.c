/* main.c - genesis-studio: the whole way on one machine, or one role of it. */
#include "programs/common/tee/open_tee.h"
#include "studio.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* No core dump, no debugger of another user: roles hold keys. */
static void guard(void)
{
    const struct rlimit none = { 0, 0 };
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int play(const settings *s, report *r)
{
    static const struct {
        const char *agents, *role;
        int (*run)(const settings *, report *);
    } parts[] = {
        { "alice", "alice", play_alice },
        { "alice:answer", "alice", play_alice_answer },
        { "bob", "bob", play_bob },
        { "bob:attacks", "bob", play_bob_attacks },
        { "charlie", "charlie", play_charlie },
        { "mallory", "mallory", play_mallory },
    };
    for (size_t i = 0; i < CHAOS_ARRAY_SIZE(parts); i++) {
        if (strcmp(parts[i].agents, s->agents) == 0) {
            r->role = parts[i].role;
            return parts[i].run(s, r);
        }
    }
    return EXIT_INTERNAL;
}

/* What the role's account has sent, by the chain. */
static uint64_t count_transactions(const settings *s, report *r)
{
    world w;
    chaos_account *account = NULL;
    uint64_t count = 0;
    if (world_connect(&w, s, r, NULL) == CHAOS_OK && world_account(s, r->role, &account, NULL) == CHAOS_OK) {
        const chaos_address address = chaos_account_address(account);
        if (chaos_rpc_transaction_count(w.rpc, &address, NULL, &count, NULL) != CHAOS_OK) {
            count = 0;
        }
    }
    chaos_account_free(account);
    world_close(&w);
    return count;
}

/* A role alone has the terminal to itself. */
static int alone(const settings *s, uint64_t chain_id, view *v)
{
    report r = { .fd = -1, .view = v };
    const int64_t began = now_ms();
    const run_facts facts = { s->network, s->tee_provider, s->agents, chain_id };
    if (!view_begin(v, &facts)) {
        return say_failure(PROGRAM, EXIT_INTERNAL, "out of memory");
    }
    int code = play(s, &r);
    return view_end(v, code, count_transactions(s, &r), (double)(now_ms() - began) / 1000);
}

/* --tee-provider auto: what this machine is. */
static int choose_provider(settings *s)
{
    chaos_error err = { 0 };
    if (s->tee_provider == NULL || strcmp(s->tee_provider, TEE_AUTO) != 0) {
        return 0;
    }
    return pick_provider(PROGRAM, &s->tee_provider, &err) == CHAOS_OK ? 0 : say_fault(PROGRAM, EXIT_PROVIDER, &err);
}

int main(int argc, char **argv)
{
    settings s;
    bool helped = false;
    int lock = -1;
    int code = settings_read(argc, argv, &s, &helped);
    if (code != 0 || helped) {
        return code;
    }
    code = choose_provider(&s);
    if (code != 0) {
        return code;
    }
    guard();
    (void)signal(SIGPIPE, SIG_IGN);
    if (s.report_fd >= 0) {
        report r = { .fd = s.report_fd };
        return play(&s, &r);
    }
    chaos_network network;
    chaos_error err = { 0 };
    if (world_network(&s, &network, &err) != CHAOS_OK) {
        return say_fault(PROGRAM, exit_of_error(&err), &err);
    }
    code = state_open(&s, network.kind == CHAOS_NETWORK_LOCAL, &lock);
    if (code == 0) {
        view *v = view_new(&s);
        code = v == NULL ? EXIT_ENVIRONMENT : strcmp(s.agents, "all") == 0 ? direct(&s, v)
                                                                           : alone(&s, network.chain_id, v);
        view_free(v);
    }
    if (lock >= 0) {
        (void)close(lock);
    }
    return code;
}
