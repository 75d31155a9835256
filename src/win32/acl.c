/* Owns access lists: making a private one, and judging one that is there.
 * Must not: change the list of anything that exists.
 * Thread: any. */
#include "win32/acl.h"

#include <aclapi.h>
#include <sddl.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "win32/error.h"
#include "win32/text.h"

static const char step[] = "check store";

/* Rights that show or change nothing of what is in a directory. */
static const ACCESS_MASK harmless_rights =
    READ_CONTROL | SYNCHRONIZE | FILE_READ_ATTRIBUTES | FILE_READ_EA | FILE_TRAVERSE;

/* The user whom this process acts for; freed with free(). */
static int get_user(TOKEN_USER **user, tether_error *error)
{
    HANDLE token;
    DWORD size = 0;
    *user = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        DWORD os_error = GetLastError();
        return tether__win32_fail(error, os_error, step, "the user of this process");
    }
    DWORD os_error = ERROR_SUCCESS;
    GetTokenInformation(token, TokenUser, NULL, 0, &size);
    TOKEN_USER *found = malloc(size > 0 ? size : 1);
    if (found == NULL)
        os_error = ERROR_NOT_ENOUGH_MEMORY;
    else if (!GetTokenInformation(token, TokenUser, found, size, &size))
        os_error = GetLastError();
    CloseHandle(token);
    if (os_error == ERROR_SUCCESS) {
        *user = found;
        return TETHER_OK;
    }
    free(found);
    return tether__win32_fail(error, os_error, step, "the user of this process");
}

/* Protected, so that nothing is inherited from above; the owner is named, because what an elevated
 * process makes belongs to all administrators. */
static wchar_t *describe_private(const wchar_t *sid)
{
    static const wchar_t *const parts[] = {L"O:", L"D:P(A;OICI;FA;;;", L")(A;OICI;FA;;;SY)"};
    size_t size = 2 * wcslen(sid) + 1;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        size += wcslen(parts[i]);
    wchar_t *text = calloc(size, sizeof *text);
    if (text != NULL)
        wcscat(wcscat(wcscat(wcscat(wcscpy(text, parts[0]), sid), parts[1]), sid), parts[2]);
    return text;
}

int tether__win32_acl_private(PSECURITY_DESCRIPTOR *descriptor, tether_error *error)
{
    TOKEN_USER *user;
    wchar_t *sid = NULL, *text = NULL;
    *descriptor = NULL;
    int code = get_user(&user, error);
    if (code != TETHER_OK)
        return code;
    DWORD os_error = ConvertSidToStringSidW(user->User.Sid, &sid) ? ERROR_SUCCESS : GetLastError();
    if (os_error == ERROR_SUCCESS) {
        text = describe_private(sid);
        if (text == NULL)
            os_error = ERROR_NOT_ENOUGH_MEMORY;
        else if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1,
                                                                       descriptor, NULL))
            os_error = GetLastError();
    }
    free(text);
    LocalFree(sid);
    free(user);
    return os_error == ERROR_SUCCESS ? TETHER_OK
                                     : tether__win32_fail(error, os_error, step, "access list");
}

static bool is_well_known(PSID sid, const WELL_KNOWN_SID_TYPE *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (IsWellKnownSid(sid, types[i]))
            return true;
    }
    return false;
}

/* Whom it may belong to. What an elevated process of this user makes belongs to the administrators,
 * and they, like the system, reach everything anyway. */
static bool is_good_owner(PSID sid, PSID user)
{
    static const WELL_KNOWN_SID_TYPE types[] = {WinBuiltinAdministratorsSid, WinLocalSystemSid};
    return EqualSid(sid, user) || is_well_known(sid, types, sizeof types / sizeof types[0]);
}

static bool may_be_let_in(PSID sid, PSID user)
{
    static const WELL_KNOWN_SID_TYPE types[] = {WinBuiltinAdministratorsSid, WinLocalSystemSid,
                                                WinCreatorOwnerSid, WinCreatorOwnerRightsSid};
    return EqualSid(sid, user) || is_well_known(sid, types, sizeof types / sizeof types[0]);
}

/* Whom an entry lets in; NULL: nobody. Its start is the same for the plain and the callback kind;
 * the kinds for objects do not occur on files, and count as if everybody was let in. */
static PSID let_in(const ACE_HEADER *entry, ACCESS_MASK *rights, bool *known)
{
    *known = true;
    switch (entry->AceType) {
    case ACCESS_ALLOWED_ACE_TYPE:
    case ACCESS_ALLOWED_CALLBACK_ACE_TYPE: {
        const ACCESS_ALLOWED_ACE *allowed = (const void *)entry;
        *rights = allowed->Mask;
        return (PSID)(uintptr_t)&allowed->SidStart;
    }
    case ACCESS_ALLOWED_OBJECT_ACE_TYPE:
    case ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE:
        *known = false;
        return NULL;
    default:
        return NULL;
    }
}

/* The first one who must not be let in; NULL: all is well. `everybody` where that has no name. */
static PSID find_stranger(ACL *list, PSID user, bool *everybody)
{
    *everybody = list == NULL; /* no list, no limit */
    for (WORD i = 0; list != NULL && i < list->AceCount; i++) {
        void *entry;
        ACCESS_MASK rights = 0;
        bool known;
        if (!GetAce(list, i, &entry))
            continue;
        PSID sid = let_in(entry, &rights, &known);
        if (!known)
            *everybody = true;
        /* Also what only files below would inherit: those are the task's output. */
        else if (sid != NULL && (rights & ~harmless_rights) != 0 && !may_be_let_in(sid, user))
            return sid;
    }
    return NULL;
}

/* "DOMAIN\name", or the SID where it has none; freed with free(). */
static char *name_of(PSID sid)
{
    wchar_t name[128], domain[128], whole[260];
    DWORD name_size = 128, domain_size = 128;
    SID_NAME_USE use;
    if (LookupAccountSidW(NULL, sid, name, &name_size, domain, &domain_size, &use)) {
        wcscpy(whole, domain);
        wcscat(wcscat(whole, domain[0] != L'\0' ? L"\\" : L""), name);
        return tether__win32_narrow(whole);
    }
    wchar_t *text;
    if (!ConvertSidToStringSidW(sid, &text))
        return NULL;
    char *shown = tether__win32_narrow(text);
    LocalFree(text);
    return shown;
}

static int refuse_owner(PSID owner, const char *path, tether_error *error)
{
    char *name = owner != NULL ? name_of(owner) : NULL;
    int code = tether__fail(error, TETHER_ESTORE, 0, step,
                            "%.250s belongs to %.100s, not to the user of this process; choose a "
                            "store of your own",
                            path, name != NULL ? name : "somebody else");
    free(name);
    return code;
}

static int refuse_stranger(PSID stranger, const char *path, tether_error *error)
{
    char *name = stranger != NULL ? name_of(stranger) : NULL;
    int code = tether__fail(error, TETHER_ESTORE, 0, step,
                            "%.220s is open to %.60s; run on it: icacls DIRECTORY /inheritance:r "
                            "/grant:r \"%%USERNAME%%:(OI)(CI)F\"",
                            path, name != NULL ? name : "everybody");
    free(name);
    return code;
}

static bool has_access_lists(HANDLE directory)
{
    DWORD flags = 0;
    /* Where the volume does not tell, the list itself is asked for. */
    if (!GetVolumeInformationByHandleW(directory, NULL, 0, NULL, NULL, &flags, NULL, 0))
        return true;
    return (flags & FILE_PERSISTENT_ACLS) != 0;
}

int tether__win32_acl_check(HANDLE directory, const char *path, tether_error *error)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PSID owner = NULL;
    ACL *list = NULL;
    TOKEN_USER *user;
    bool everybody;
    if (!has_access_lists(directory))
        return TETHER_OK;
    DWORD os_error = GetSecurityInfo(directory, SE_FILE_OBJECT,
                                     OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
                                     NULL, &list, NULL, &descriptor);
    if (os_error == ERROR_NOT_SUPPORTED || os_error == ERROR_INVALID_FUNCTION)
        return TETHER_OK;
    if (os_error != ERROR_SUCCESS)
        return tether__win32_fail(error, os_error, step, path);
    int code = get_user(&user, error);
    if (code == TETHER_OK) {
        PSID stranger = find_stranger(list, user->User.Sid, &everybody);
        if (owner == NULL || !is_good_owner(owner, user->User.Sid))
            code = refuse_owner(owner, path, error);
        else if (stranger != NULL || everybody)
            code = refuse_stranger(stranger, path, error);
        free(user);
    }
    LocalFree(descriptor);
    return code;
}
