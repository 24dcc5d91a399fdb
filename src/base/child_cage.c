/* What the kernel keeps a child program from, as far as it can be asked: Landlock for files
 * (https://docs.kernel.org/userspace-api/landlock.html), seccomp for system calls
 * (https://docs.kernel.org/userspace-api/seccomp_filter.html), else namespaces for the network.
 * Where a kernel has none of them, the child still has its limits and its empty environment.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* unshare, O_PATH */
#include "base/child_cage.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- files ------------------------------------------------------------------------------- */

/* The first version of Landlock: what a folder or a file may be used for. */
enum {
    CAGE_READS =
        LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    CAGE_WRITES = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                  LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                  LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                  LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
    CAGE_OF_FILES =
        LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE,
};

static void allow(int ruleset, const char *path, uint64_t what)
{
    struct stat about;
    const int file = open(path, O_PATH | O_CLOEXEC);
    if (file < 0) return; /* absent: nothing to allow */
    if (fstat(file, &about) == 0) {
        const struct landlock_path_beneath_attr rule = {
            .allowed_access = S_ISDIR(about.st_mode) ? what : what & CAGE_OF_FILES,
            .parent_fd = file,
        };
        (void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(file);
}

int lar_cage_new(const lar_child *child)
{
    /* programs and libraries, wherever they are installed; of /etc what the loader reads */
    static const char *const installed[] = { "/usr",
                                             "/lib",
                                             "/lib32",
                                             "/lib64",
                                             "/bin",
                                             "/opt",
                                             "/nix",
                                             "/etc/ld.so.cache",
                                             "/etc/localtime",
                                             "/sys/devices/system/cpu",
                                             "/proc/cpuinfo",
                                             "/proc/meminfo",
                                             NULL };
    const struct landlock_ruleset_attr attr = { .handled_access_fs = CAGE_READS | CAGE_WRITES };
    const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0) return -1;
    for (const char *const *path = installed; *path; path++) allow(ruleset, *path, CAGE_READS);
    for (const char *const *path = child->reads; path && *path; path++)
        allow(ruleset, *path, CAGE_READS);
    allow(ruleset, child->argv[0], CAGE_READS);
    allow(ruleset, "/dev/null", CAGE_READS | LANDLOCK_ACCESS_FS_WRITE_FILE);
    allow(ruleset, child->folder, CAGE_READS | CAGE_WRITES);
    return ruleset;
}

/* ---- system calls ------------------------------------------------------------------------ */

#if defined(__x86_64__)
#define CAGE_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define CAGE_MACHINE AUDIT_ARCH_AARCH64
#endif

#ifdef CAGE_MACHINE
enum { CAGE_CALLS = 40 };

static struct sock_filter load(size_t offset)
{
    return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static struct sock_filter end(uint32_t what)
{
    return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what);
}

/* Skips the next instruction where the loaded number is another. */
static struct sock_filter unless(uint32_t value)
{
    return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
}

/* False where the kernel filters no calls. */
static bool filter_calls(bool starts)
{
    static const int refused[] = {
        SYS_socket,
        SYS_socketpair,
        SYS_connect,
        SYS_bind,
        SYS_ptrace,
        SYS_process_vm_readv,
        SYS_process_vm_writev,
        SYS_kill,
        SYS_tkill,
        SYS_mount,
        SYS_umount2,
        SYS_unshare,
        SYS_setns,
        SYS_chroot,
        SYS_pivot_root,
        SYS_keyctl,
        SYS_add_key,
        SYS_request_key,
        SYS_bpf,
        SYS_perf_event_open,
        SYS_userfaultfd,
        SYS_io_uring_setup,
        SYS_init_module,
        SYS_kexec_load,
        SYS_personality,

    };
    struct sock_filter code[2 * CAGE_CALLS + 16];
    unsigned short n = 0;
    code[n++] = load(offsetof(struct seccomp_data, arch));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CAGE_MACHINE, 1, 0);
    code[n++] = end(SECCOMP_RET_KILL_PROCESS);
    code[n++] = load(offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    /* the calls of x32, other numbers for the same */
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    code[n++] = end(SECCOMP_RET_ERRNO | 38); /* ENOSYS */
#endif
    for (size_t c = 0; c < sizeof refused / sizeof *refused; c++) {
        code[n++] = unless((uint32_t)refused[c]);
        code[n++] = end(SECCOMP_RET_ERRNO | 1); /* EPERM */
    }
    if (!starts) {
#ifdef SYS_fork
        code[n++] = unless(SYS_fork);
        code[n++] = end(SECCOMP_RET_ERRNO | 1);
        code[n++] = unless(SYS_vfork);
        code[n++] = end(SECCOMP_RET_ERRNO | 1);
#endif
        /* threads, but no processes; what clone3 is asked for cannot be seen: the C library then
         * calls clone */
        code[n++] = unless(SYS_clone3);
        code[n++] = end(SECCOMP_RET_ERRNO | 38);
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3);
        code[n++] = load(offsetof(struct seccomp_data, args[0])); /* the low half */
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
        code[n++] = end(SECCOMP_RET_ERRNO | 1);
    }
    code[n++] = end(SECCOMP_RET_ALLOW);
    const struct sock_fprog program = { .len = n, .filter = code };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
#else
static bool filter_calls(bool starts)
{
    (void)starts;
    return false;
}
#endif

void lar_cage_enter(const lar_child *child, int ruleset)
{
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (ruleset >= 0) (void)syscall(SYS_landlock_restrict_self, ruleset, 0);
    if (!filter_calls(child->starts)) (void)unshare(CLONE_NEWUSER | CLONE_NEWNET);
}
