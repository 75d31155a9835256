/* Owns the trees of parsed commands, and turns one into text again: that text is how a command is
 * handed to a task.
 * Must not: expand or run anything.
 * Thread: the only one. */
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>

struct node *node_new(enum node_kind kind)
{
    struct node *node = shell_alloc(sizeof *node);
    node->kind = kind;
    return node;
}

void node_add(struct node *node, struct node *child)
{
    node->children = shell_realloc(node->children, (node->count + 1) * sizeof(struct node *));
    node->children[node->count++] = child;
}

static void redirects_free(struct redirect *redirect)
{
    while (redirect != NULL) {
        struct redirect *next = redirect->next;
        free(redirect->word);
        free(redirect->body);
        free(redirect);
        redirect = next;
    }
}

void node_free(struct node *node)
{
    if (node == NULL)
        return;
    for (size_t i = 0; i < node->count; i++)
        node_free(node->children[i]);
    free(node->children);
    list_free(&node->assignments);
    list_free(&node->words);
    redirects_free(node->redirects);
    free(node);
}

/* The text of a command stands in one line, and the bodies of its here-documents follow it. */
struct writer {
    struct text line, bodies;
};

static void write_node(struct writer *writer, const struct node *node);

static void separate(struct writer *writer)
{
    if (writer->line.size > 0 && writer->line.bytes[writer->line.size - 1] != ' ')
        text_add_char(&writer->line, ' ');
}

static void write_words(struct writer *writer, const struct list *words, size_t first)
{
    for (size_t i = first; i < words->count; i++) {
        separate(writer);
        text_add_string(&writer->line, words->items[i]);
    }
}

/* The delimiter of a body in quotes stays in quotes; the line that ends the body has none. */
static void write_body(struct writer *writer, const struct redirect *redirect)
{
    text_add_string(&writer->bodies, redirect->body == NULL ? "" : redirect->body);
    for (const char *c = redirect->word; *c != '\0'; c++) {
        if (*c != '\'' && *c != '"' && *c != '\\')
            text_add_char(&writer->bodies, *c);
    }
    text_add_char(&writer->bodies, '\n');
}

static void write_redirect(struct writer *writer, const struct redirect *redirect)
{
    static const struct {
        const char *sign;
        int usual;
    } forms[] = {
        [REDIRECT_INPUT] = {"<", 0},    [REDIRECT_OUTPUT] = {">", 1},
        [REDIRECT_APPEND] = {">>", 1},  [REDIRECT_BOTH] = {"<>", 0},
        [REDIRECT_COPY_IN] = {"<&", 0}, [REDIRECT_COPY_OUT] = {">&", 1},
        [REDIRECT_HERE] = {"<<", 0},    [REDIRECT_HERE_TABS] = {"<<", 0},
    };
    separate(writer);
    if (redirect->fd != forms[redirect->kind].usual) {
        char number[16];
        snprintf(number, sizeof number, "%d", redirect->fd);
        text_add_string(&writer->line, number);
    }
    text_add_string(&writer->line, forms[redirect->kind].sign);
    if (redirect->kind < REDIRECT_COPY_IN)
        text_add_char(&writer->line, ' ');
    text_add_string(&writer->line, redirect->word);
    if (redirect->kind >= REDIRECT_HERE)
        write_body(writer, redirect);
}

static void write_between(struct writer *writer, const struct node *node, const char *sign)
{
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0) {
            separate(writer);
            text_add_string(&writer->line, sign);
        }
        separate(writer);
        write_node(writer, node->children[i]);
    }
}

static void write_list(struct writer *writer, const struct node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        separate(writer);
        write_node(writer, node->children[i]);
        if (node->children[i]->background)
            text_add_string(&writer->line, " &");
        else if (i + 1 < node->count)
            text_add_char(&writer->line, ';');
    }
}

/* A list in front of a closing word, such as `}`: it ends with a sign. */
static void write_closed(struct writer *writer, const char *open, const struct node *body)
{
    separate(writer);
    text_add_string(&writer->line, open);
    separate(writer);
    write_node(writer, body);
    if (writer->line.bytes[writer->line.size - 1] != '&')
        text_add_char(&writer->line, ';');
}

static void write_if(struct writer *writer, const struct node *node)
{
    write_closed(writer, "if", node->children[0]);
    write_closed(writer, "then", node->children[1]);
    if (node->count > 2)
        write_closed(writer, "else", node->children[2]);
    text_add_string(&writer->line, " fi");
}

static void write_loop(struct writer *writer, const struct node *node)
{
    if (node->kind == NODE_FOR) {
        text_add_string(&writer->line, "for ");
        text_add_string(&writer->line, node->words.items[0]);
        if (node->has_items)
            text_add_string(&writer->line, " in");
        write_words(writer, &node->words, 1);
        text_add_char(&writer->line, ';');
    } else {
        write_closed(writer, node->kind == NODE_WHILE ? "while" : "until", node->children[0]);
    }
    write_closed(writer, "do", node->children[node->count - 1]);
    text_add_string(&writer->line, " done");
}

static void write_node(struct writer *writer, const struct node *node)
{
    switch (node->kind) {
    case NODE_SIMPLE:
        write_words(writer, &node->assignments, 0);
        write_words(writer, &node->words, 0);
        break;
    case NODE_PIPELINE:
        if (node->negated)
            text_add_string(&writer->line, "! ");
        write_between(writer, node, "|");
        break;
    case NODE_AND:
        write_between(writer, node, "&&");
        break;
    case NODE_OR:
        write_between(writer, node, "||");
        break;
    case NODE_LIST:
        write_list(writer, node);
        break;
    case NODE_SUBSHELL:
        text_add_string(&writer->line, "( ");
        write_node(writer, node->children[0]);
        text_add_string(&writer->line, " )");
        break;
    case NODE_GROUP:
        write_closed(writer, "{", node->children[0]);
        text_add_string(&writer->line, " }");
        break;
    case NODE_IF:
        write_if(writer, node);
        break;
    case NODE_WHILE:
    case NODE_UNTIL:
    case NODE_FOR:
        write_loop(writer, node);
        break;
    }
    for (const struct redirect *r = node->redirects; r != NULL; r = r->next)
        write_redirect(writer, r);
}

char *node_text(const struct node *node)
{
    struct writer writer = {0};
    write_node(&writer, node);
    if (writer.bodies.size > 0) {
        text_add_char(&writer.line, '\n');
        text_add(&writer.line, writer.bodies.bytes, writer.bodies.size);
    }
    text_free(&writer.bodies);
    return text_take(&writer.line);
}
