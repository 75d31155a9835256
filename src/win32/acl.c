/* Owns access lists: creates private ones, and checks those of existing directories.
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

/* Rights that neither reveal nor change the contents of a directory. */
static const ACCESS_MASK harmless_rights =
    READ_CONTROL | SYNCHRONIZE | FILE_READ_ATTRIBUTES | FILE_READ_EA | FILE_TRAVERSE;

/* Reads the user of this process; *user is freed with free(). */
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

/* Describes the private list, freed with free(); NULL when memory is short. It is protected, so
 * that nothing is inherited from the parent. It names the owner, because what an elevated process
 * creates belongs to the Administrators. */
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

/* Whether a store may belong to this account. What an elevated process of this user creates belongs
 * to the Administrators; they, like the system account, can access everything anyway. */
static bool is_permitted_owner(PSID sid, PSID user)
{
    static const WELL_KNOWN_SID_TYPE types[] = {WinBuiltinAdministratorsSid, WinLocalSystemSid};
    return EqualSid(sid, user) || is_well_known(sid, types, sizeof types / sizeof types[0]);
}

static bool may_have_access(PSID sid, PSID user)
{
    static const WELL_KNOWN_SID_TYPE types[] = {WinBuiltinAdministratorsSid, WinLocalSystemSid,
                                                WinCreatorOwnerSid, WinCreatorOwnerRightsSid};
    return EqualSid(sid, user) || is_well_known(sid, types, sizeof types / sizeof types[0]);
}

/* Returns the account that an entry grants access to; NULL where it grants none. Callback entries
 * have the layout of plain ones up to the SID. Entries for objects do not occur on files; for them
 * *known is false, and the caller assumes that they grant access to everyone. */
static PSID granted_account(const ACE_HEADER *entry, ACCESS_MASK *rights, bool *known)
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

/* Returns the first account that must not have access; NULL where there is none. *everyone receives
 * whether everyone has access. */
static PSID find_stranger(ACL *list, PSID user, bool *everyone)
{
    *everyone = list == NULL; /* without a list, everyone has access */
    for (WORD i = 0; list != NULL && i < list->AceCount; i++) {
        void *entry;
        ACCESS_MASK rights = 0;
        bool known;
        if (!GetAce(list, i, &entry))
            continue;
        PSID sid = granted_account(entry, &rights, &known);
        if (!known)
            *everyone = true;
        /* Entries that only files in the directory inherit count too: those files are task
         * output. */
        else if (sid != NULL && (rights & ~harmless_rights) != 0 && !may_have_access(sid, user))
            return sid;
    }
    return NULL;
}

/* Returns "DOMAIN\name", or the SID as text where the account has no name; freed with free(). NULL
 * on failure. */
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
                            path, name != NULL ? name : "another user");
    free(name);
    return code;
}

static int refuse_stranger(PSID stranger, const char *path, tether_error *error)
{
    char *name = stranger != NULL ? name_of(stranger) : NULL;
    int code = tether__fail(error, TETHER_ESTORE, 0, step,
                            "%.220s is accessible to %.60s; run: icacls DIRECTORY /inheritance:r "
                            "/grant:r \"%%USERNAME%%:(OI)(CI)F\"",
                            path, name != NULL ? name : "everyone");
    free(name);
    return code;
}

static bool has_access_lists(HANDLE directory)
{
    DWORD flags = 0;
    /* When unsure, true: reading the list then shows whether there is one. */
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
    bool everyone;
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
        PSID stranger = find_stranger(list, user->User.Sid, &everyone);
        if (owner == NULL || !is_permitted_owner(owner, user->User.Sid))
            code = refuse_owner(owner, path, error);
        else if (stranger != NULL || everyone)
            code = refuse_stranger(stranger, path, error);
        free(user);
    }
    LocalFree(descriptor);
    return code;
}
