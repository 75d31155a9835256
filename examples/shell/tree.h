/* What a parsed command is, and its text again. */
#ifndef SHELL_TREE_H
#define SHELL_TREE_H

#include "text.h"

enum redirect_kind {
    REDIRECT_INPUT,     /* <   */
    REDIRECT_OUTPUT,    /* >   and >| */
    REDIRECT_APPEND,    /* >>  */
    REDIRECT_BOTH,      /* <>  */
    REDIRECT_COPY_IN,   /* <&  */
    REDIRECT_COPY_OUT,  /* >&  */
    REDIRECT_HERE,      /* <<  */
    REDIRECT_HERE_TABS, /* <<- */
};

struct redirect {
    enum redirect_kind kind;
    int fd;
    char *word; /* as it was written; of a here-document the delimiter */
    char *body; /* of a here-document */
    struct redirect *next;
};

enum node_kind {
    NODE_SIMPLE,
    NODE_PIPELINE, /* of its children */
    NODE_AND,      /* two children */
    NODE_OR,       /* two children */
    NODE_LIST,     /* children, one after the other */
    NODE_SUBSHELL, /* one child */
    NODE_GROUP,    /* one child */
    NODE_IF,       /* condition, command, and what comes otherwise, if anything */
    NODE_WHILE,    /* condition, command */
    NODE_UNTIL,
    NODE_FOR, /* words: the name and the items; one child */
};

struct node {
    enum node_kind kind;
    struct list assignments; /* of a simple command; as they were written, as are words */
    struct list words;
    struct redirect *redirects;
    struct node **children;
    size_t count;
    bool negated;    /* a pipeline after ! */
    bool background; /* an element of a list before & */
    bool has_items;  /* a loop with "in" */
};

struct node *node_new(enum node_kind kind);
/* Takes the child. */
void node_add(struct node *node, struct node *child);
/* NULL is allowed. */
void node_free(struct node *node);
/* The text of a command, without the & of one in the background; a shell parses it to the same
 * tree. The caller frees it. */
char *node_text(const struct node *node);

#endif
