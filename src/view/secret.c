/* Secrets: 128 random bits from the kernel, in hexadecimal digits.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "view/secret.h"
#include "view/view.h"

enum { SECRET_BYTES = 16, SHORTEST = 32, LONGEST = 128 };

lar_status lar_secret_new(char out[LAR_SECRET_ROOM])
{
    unsigned char bytes[SECRET_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return lar_fail(LAR_EIO, "the kernel gives no random numbers: %s", strerror(errno));
    for (int n = 0; n < SECRET_BYTES; n++) snprintf(out + 2 * n, 3, "%02x", bytes[n]);
    return LAR_OK;
}

static lar_status make_file(char *token, const char *path)
{
    lar_status status = lar_secret_new(token);
    if (status != LAR_OK) return status;
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return lar_fail(LAR_EEXISTS, "cannot create the token file '%s': %s", path,
                        strerror(errno));
    char line[LAR_SECRET_ROOM + 1];
    const int length = snprintf(line, sizeof line, "%s\n", token);
    const bool written = write(file, line, (size_t)length) == length && fsync(file) == 0;
    const int reason = errno;
    if (close(file) == 0 && written) return LAR_OK;
    unlink(path);
    return lar_fail(LAR_EIO, "cannot write the token file '%s': %s", path, strerror(reason));
}

/* Letters, digits, '-' and '_': what stands in an address without disguise. */
static bool is_token(const char *text)
{
    const size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-_");
    return text[length] == 0 && length >= SHORTEST && length <= LONGEST;
}

static lar_status check_file(int file, const char *path)
{
    struct stat about;
    if (fstat(file, &about) != 0)
        return lar_fail(LAR_EIO, "cannot look at the token file '%s': %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return lar_fail(LAR_EARGUMENT, "the token file '%s' is no regular file", path);
    if (about.st_uid != geteuid())
        return lar_fail(LAR_EARGUMENT, "the token file '%s' belongs to another user", path);
    if (about.st_mode & 077) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "the token file '%s' can be read by others (mode %03o)", path,
                     (unsigned)about.st_mode & 0777);
        return lar_hint(status, "chmod 600 '%s'", path);
    }
    return LAR_OK;
}

lar_status lar_view_token(char **out, const char *path)
{
    lar_status status = LAR_OK;
    char *token = lar_alloc(LONGEST + 3, 1);

    *out = NULL;
    if (!token) return LAR_EMEMORY;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0 && errno == ENOENT) {
        LAR_TRY(make_file(token, path));
    } else if (file < 0) {
        status =
            lar_fail(LAR_ENOINPUT, "cannot open the token file '%s': %s", path, strerror(errno));
        goto done;
    } else {
        LAR_TRY(check_file(file, path));
        const ssize_t got = read(file, token, LONGEST + 2);
        token[got > 0 ? got : 0] = 0;
        token[strcspn(token, "\r\n")] = 0;
        if (!is_token(token)) {
            status = lar_fail(LAR_EFORMAT,
                              "the token file '%s' holds no token: a line of %d to %d letters, "
                              "digits, '-' and '_'",
                              path, SHORTEST, LONGEST);
            lar_hint(status, "the name of a file that is not there, which is then made");
            goto done;
        }
    }
    *out = token;
    token = NULL;
done:
    if (file >= 0) close(file);
    lar_free(token);
    return status;
}
