/* Owns the grammar: lists, pipelines, simple and compound commands, redirections.
 * Must not: expand words, or run anything.
 * Thread: the only one. */
#include "parser.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lexer.h"

/* A deeper tree would need more stack than a shell should use. */
enum { DEPTH_MAX = 500 };

enum { HERE_MAX = 32 };

struct parser {
    const char *at;
    struct token token; /* the next one */
    enum parse_result failure;
    char *message;
    bool final;
    int depth;
    struct redirect *here[HERE_MAX]; /* whose bodies follow the line */
    size_t here_count;
};

static struct node *parse_list(struct parser *p, bool closed);

static void fail(struct parser *p, enum parse_result failure, const char *what)
{
    if (p->failure != PARSE_COMMAND)
        return;
    if (failure == PARSE_UNFINISHED && p->final) {
        failure = PARSE_ERROR;
        what = "the command is not complete: a quote, parenthesis or closing word is missing";
    }
    p->failure = failure;
    if (failure == PARSE_ERROR)
        p->message = shell_copy(what);
}

static bool failed(const struct parser *p)
{
    return p->failure != PARSE_COMMAND;
}

static void fail_at_token(struct parser *p)
{
    if (p->token.kind == TOKEN_END) {
        fail(p, PARSE_UNFINISHED, "");
        return;
    }
    char message[160];
    if (p->token.kind == TOKEN_NEWLINE)
        snprintf(message, sizeof message, "unexpected end of the line");
    else
        snprintf(message, sizeof message, "unexpected '%.*s'",
                 p->token.size < 60 ? (int)p->token.size : 60, p->token.start);
    fail(p, PARSE_ERROR, message);
}

static void read_bodies(struct parser *p);

static void advance(struct parser *p)
{
    if (failed(p))
        return;
    if (p->token.kind == TOKEN_NEWLINE)
        read_bodies(p);
    p->token = lexer_next(&p->at);
    if (p->token.kind == TOKEN_UNFINISHED)
        fail(p, PARSE_UNFINISHED, "");
}

/* --- Here-documents ------------------------------------------------------------------------ */

static char *without_quotes(const char *word)
{
    struct text text = {0};
    for (; *word != '\0'; word++) {
        if (strchr("'\"\\", *word) == NULL)
            text_add_char(&text, *word);
    }
    return text_take(&text);
}

/* A here-document that the end of the text cuts off has what stands there, as in other shells. */
static void read_body(struct parser *p, struct redirect *redirect)
{
    char *end = without_quotes(redirect->word);
    struct text body = {0};
    for (;;) {
        if (*p->at == '\0') {
            if (!p->final)
                fail(p, PARSE_UNFINISHED, "");
            break;
        }
        if (redirect->kind == REDIRECT_HERE_TABS)
            p->at += strspn(p->at, "\t");
        size_t size = strcspn(p->at, "\n");
        const char *line = p->at;
        p->at += size + (line[size] == '\n');
        if (size == strlen(end) && memcmp(line, end, size) == 0)
            break;
        text_add(&body, line, size);
        text_add_char(&body, '\n');
    }
    free(end);
    redirect->body = text_take(&body);
}

static void read_bodies(struct parser *p)
{
    for (size_t i = 0; i < p->here_count && !failed(p); i++)
        read_body(p, p->here[i]);
    p->here_count = 0;
}

/* --- Tokens -------------------------------------------------------------------------------- */

static bool is_text(const struct parser *p, const char *text)
{
    return p->token.size == strlen(text) && memcmp(p->token.start, text, p->token.size) == 0;
}

static bool is_operator(const struct parser *p, const char *text)
{
    return !failed(p) && p->token.kind == TOKEN_OPERATOR && is_text(p, text);
}

static bool is_reserved(const struct parser *p, const char *text)
{
    return !failed(p) && p->token.kind == TOKEN_WORD && is_text(p, text);
}

/* A word that ends a list, such as `done`. */
static bool is_closing(const struct parser *p)
{
    static const char *const closing[] = {"}", "then", "else", "elif", "fi", "do", "done"};
    for (size_t i = 0; i < sizeof closing / sizeof *closing; i++) {
        if (is_reserved(p, closing[i]))
            return true;
    }
    return is_operator(p, ")");
}

static void expect(struct parser *p, const char *text)
{
    if (is_operator(p, text) || is_reserved(p, text))
        advance(p);
    else
        fail_at_token(p);
}

static char *take_word(struct parser *p)
{
    if (failed(p) || p->token.kind != TOKEN_WORD) {
        fail_at_token(p);
        return shell_copy("");
    }
    char *word = shell_copy_part(p->token.start, p->token.size);
    advance(p);
    return word;
}

static void skip_newlines(struct parser *p)
{
    while (!failed(p) && p->token.kind == TOKEN_NEWLINE)
        advance(p);
}

/* --- Redirections -------------------------------------------------------------------------- */

static bool at_redirect(const struct parser *p)
{
    return !failed(p) && (p->token.kind == TOKEN_IO_NUMBER ||
                          (p->token.kind == TOKEN_OPERATOR && strchr("<>", *p->token.start)));
}

static enum redirect_kind redirect_kind(const struct parser *p)
{
    static const struct {
        const char *sign;
        enum redirect_kind kind;
    } kinds[] = {{"<", REDIRECT_INPUT},     {">", REDIRECT_OUTPUT}, {">|", REDIRECT_OUTPUT},
                 {">>", REDIRECT_APPEND},   {"<>", REDIRECT_BOTH},  {"<&", REDIRECT_COPY_IN},
                 {">&", REDIRECT_COPY_OUT}, {"<<", REDIRECT_HERE},  {"<<-", REDIRECT_HERE_TABS}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (is_text(p, kinds[i].sign))
            return kinds[i].kind;
    }
    return REDIRECT_INPUT;
}

static struct redirect *parse_redirect(struct parser *p)
{
    struct redirect *redirect = shell_alloc(sizeof *redirect);
    redirect->fd = -1;
    if (p->token.kind == TOKEN_IO_NUMBER) {
        redirect->fd = (int)strtol(p->token.start, NULL, 10);
        advance(p);
    }
    redirect->kind = redirect_kind(p);
    if (redirect->fd < 0)
        redirect->fd = *p->token.start == '>';
    advance(p);
    redirect->word = take_word(p);
    if (redirect->kind >= REDIRECT_HERE && !failed(p)) {
        if (p->here_count == HERE_MAX)
            fail(p, PARSE_ERROR, "too many here-documents in one line");
        else
            p->here[p->here_count++] = redirect;
    }
    return redirect;
}

static void parse_redirects(struct parser *p, struct node *node)
{
    struct redirect **last = &node->redirects;
    while (*last != NULL)
        last = &(*last)->next;
    for (; at_redirect(p); last = &(*last)->next)
        *last = parse_redirect(p);
}

/* --- Commands ------------------------------------------------------------------------------ */

static bool is_assignment(const struct token *token)
{
    const char *equals = memchr(token->start, '=', token->size);
    if (equals == NULL || equals == token->start || isdigit((unsigned char)*token->start))
        return false;
    for (const char *c = token->start; c < equals; c++) {
        if (!isalnum((unsigned char)*c) && *c != '_')
            return false;
    }
    return true;
}

static struct node *parse_simple(struct parser *p)
{
    struct node *node = node_new(NODE_SIMPLE);
    while (!failed(p)) {
        if (at_redirect(p))
            parse_redirects(p, node);
        else if (p->token.kind != TOKEN_WORD)
            break;
        else if (node->words.count == 0 && is_assignment(&p->token))
            list_add(&node->assignments, take_word(p));
        else
            list_add(&node->words, take_word(p));
    }
    if (node->words.count == 0 && node->assignments.count == 0 && node->redirects == NULL)
        fail_at_token(p);
    if (is_operator(p, "(") && node->words.count == 1)
        fail(p, PARSE_ERROR, "this shell has no functions");
    return node;
}

static struct node *parse_enclosed(struct parser *p, enum node_kind kind, const char *close)
{
    struct node *node = node_new(kind);
    advance(p);
    node_add(node, parse_list(p, true));
    expect(p, close);
    return node;
}

/* Behind `if` or `elif`. */
static struct node *parse_if(struct parser *p)
{
    struct node *node = node_new(NODE_IF);
    advance(p);
    node_add(node, parse_list(p, true));
    expect(p, "then");
    node_add(node, parse_list(p, true));
    if (is_reserved(p, "elif")) {
        node_add(node, parse_if(p));
        return node;
    }
    if (is_reserved(p, "else")) {
        advance(p);
        node_add(node, parse_list(p, true));
    }
    expect(p, "fi");
    return node;
}

static void parse_do(struct parser *p, struct node *node)
{
    expect(p, "do");
    node_add(node, parse_list(p, true));
    expect(p, "done");
}

static struct node *parse_while(struct parser *p, enum node_kind kind)
{
    struct node *node = node_new(kind);
    advance(p);
    node_add(node, parse_list(p, true));
    parse_do(p, node);
    return node;
}

static struct node *parse_for(struct parser *p)
{
    struct node *node = node_new(NODE_FOR);
    advance(p);
    list_add(&node->words, take_word(p));
    skip_newlines(p);
    if (is_reserved(p, "in")) {
        node->has_items = true;
        advance(p);
        while (!failed(p) && p->token.kind == TOKEN_WORD)
            list_add(&node->words, take_word(p));
    }
    if (is_operator(p, ";"))
        advance(p);
    skip_newlines(p);
    parse_do(p, node);
    return node;
}

static struct node *parse_compound(struct parser *p)
{
    if (is_operator(p, "("))
        return parse_enclosed(p, NODE_SUBSHELL, ")");
    if (is_reserved(p, "{"))
        return parse_enclosed(p, NODE_GROUP, "}");
    if (is_reserved(p, "if"))
        return parse_if(p);
    if (is_reserved(p, "while"))
        return parse_while(p, NODE_WHILE);
    if (is_reserved(p, "until"))
        return parse_while(p, NODE_UNTIL);
    return is_reserved(p, "for") ? parse_for(p) : NULL;
}

static struct node *parse_element(struct parser *p)
{
    if (is_reserved(p, "case") || is_reserved(p, "function"))
        fail(p, PARSE_ERROR, "this shell has no 'case' and no functions");
    if (is_closing(p))
        fail_at_token(p);
    struct node *node = parse_compound(p);
    if (node == NULL)
        return parse_simple(p);
    parse_redirects(p, node);
    return node;
}

static struct node *parse_pipeline(struct parser *p)
{
    struct node *node = node_new(NODE_PIPELINE);
    while (is_reserved(p, "!")) {
        node->negated = !node->negated;
        advance(p);
    }
    node_add(node, parse_element(p));
    while (is_operator(p, "|")) {
        advance(p);
        skip_newlines(p);
        node_add(node, parse_element(p));
    }
    return node;
}

static struct node *parse_and_or(struct parser *p)
{
    struct node *node = parse_pipeline(p);
    while (is_operator(p, "&&") || is_operator(p, "||")) {
        struct node *both = node_new(is_operator(p, "&&") ? NODE_AND : NODE_OR);
        node_add(both, node);
        advance(p);
        skip_newlines(p);
        node_add(both, parse_pipeline(p));
        node = both;
    }
    return node;
}

/* `closed`: up to a closing word, over several lines; else up to the end of the line. */
static struct node *parse_list(struct parser *p, bool closed)
{
    struct node *list = node_new(NODE_LIST);
    if (++p->depth > DEPTH_MAX)
        fail(p, PARSE_ERROR, "the command is nested too deeply");
    if (closed)
        skip_newlines(p);
    while (!failed(p) && p->token.kind != TOKEN_END && p->token.kind != TOKEN_NEWLINE &&
           !(closed && is_closing(p))) {
        struct node *node = parse_and_or(p);
        node_add(list, node);
        if (is_operator(p, "&"))
            node->background = true;
        if (is_operator(p, "&") || is_operator(p, ";"))
            advance(p);
        else if (!failed(p) && p->token.kind != TOKEN_NEWLINE)
            break;
        if (closed)
            skip_newlines(p);
    }
    if (closed && list->count == 0)
        fail_at_token(p);
    p->depth--;
    return list;
}

enum parse_result parse_command(const char **at, bool final, struct node **tree, char **message)
{
    struct parser parser = {.at = *at, .final = final}, *p = &parser;
    *tree = NULL;
    *message = NULL;
    p->token.kind = TOKEN_OPERATOR;
    advance(p);
    struct node *list = parse_list(p, false);
    if (!failed(p) && p->token.kind != TOKEN_NEWLINE && p->token.kind != TOKEN_END)
        fail_at_token(p);
    if (!failed(p) && p->here_count > 0) {
        if (p->token.kind == TOKEN_END && !final)
            fail(p, PARSE_UNFINISHED, "");
        else
            read_bodies(p);
    }
    if (p->failure != PARSE_UNFINISHED)
        *at = p->at;
    *message = p->message;
    if (failed(p) || list->count == 0) {
        node_free(list);
        return failed(p) ? p->failure : PARSE_NOTHING;
    }
    *tree = list;
    return PARSE_COMMAND;
}
