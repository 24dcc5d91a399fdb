/* YAML through libyaml, as the plain subset that a study needs: maps, lists and scalars.
 * What makes YAML dangerous or surprising (aliases, tags, keys given twice) is refused by name.
 * SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml.h"

#include <yaml.h>

enum { DEPTH_MAX = 64, LENGTH_MAX = 1 << 20 };

typedef struct builder {
    const char *name;
    lar_arena *arena;
    lar_yaml *root;
    lar_yaml *open[DEPTH_MAX];
    lar_yaml *last[DEPTH_MAX]; /* the newest child of each */
    int depth;
    const char *key; /* waits for its value */
    int64_t key_line, key_column;
} builder;

static lar_status fail_at(const builder *b, yaml_mark_t mark, const char *what)
{
    return lar_fail(LAR_EARGUMENT, "%s:%zu:%zu: %s", b->name, mark.line + 1, mark.column + 1, what);
}

static lar_status fail_parser(const builder *b, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR) return lar_fail(LAR_EMEMORY, "out of memory");
    const char *problem = parser->problem ? parser->problem : "not YAML";
    if (parser->error == YAML_READER_ERROR)
        return lar_fail(LAR_EARGUMENT, "%s: %s at byte %zu", b->name, problem,
                        parser->problem_offset);
    return fail_at(b, parser->problem_mark, problem);
}

static bool is_in_map(const builder *b)
{
    return b->depth > 0 && b->open[b->depth - 1]->kind == LAR_YAML_MAP;
}

static void attach(builder *b, lar_yaml *node)
{
    if (b->depth == 0) {
        b->root = node;
        return;
    }
    lar_yaml *parent = b->open[b->depth - 1];
    if (parent->kind == LAR_YAML_MAP) {
        node->key = b->key;
        node->key_line = b->key_line;
        node->key_column = b->key_column;
        b->key = NULL;
    }
    if (b->last[b->depth - 1])
        b->last[b->depth - 1]->next = node;
    else
        parent->first = node;
    b->last[b->depth - 1] = node;
    parent->count++;
}

static int keys_compare(const void *a, const void *b)
{
    const lar_yaml *x = *(lar_yaml *const *)a, *y = *(lar_yaml *const *)b;
    const int order = strcmp(x->key, y->key);
    if (order) return order;
    if (x->key_line != y->key_line) return x->key_line < y->key_line ? -1 : 1;
    return (x->key_column > y->key_column) - (x->key_column < y->key_column);
}

/* Sorted, so that a file of many keys is not compared pair by pair. */
static lar_status refuse_twice(const builder *b, const lar_yaml *map)
{
    lar_status status = LAR_OK;
    lar_yaml **sorted = lar_alloc(map->count, sizeof *sorted);
    if (!sorted) return LAR_EMEMORY;
    int64_t count = 0;
    for (lar_yaml *node = map->first; node; node = node->next) sorted[count++] = node;
    qsort(sorted, (size_t)count, sizeof(lar_yaml *), keys_compare);
    for (int64_t n = 1; n < count && status == LAR_OK; n++)
        if (lar_text_is(sorted[n - 1]->key, sorted[n]->key))
            status =
                lar_fail(LAR_EARGUMENT,
                         "%s:%lld:%lld: the key '%s' is here a second time, "
                         "first in line %lld",
                         b->name, (long long)sorted[n]->key_line, (long long)sorted[n]->key_column,
                         sorted[n]->key, (long long)sorted[n - 1]->key_line);
    lar_free(sorted);
    return status;
}

static lar_status open_node(builder *b, lar_yaml_kind kind, yaml_mark_t mark)
{
    if (is_in_map(b) && !b->key) return fail_at(b, mark, "a key must be a word");
    if (b->depth == DEPTH_MAX) return fail_at(b, mark, "nested more than 64 deep");
    lar_yaml *node = lar_arena_take(b->arena, 1, sizeof *node);
    if (!node) return LAR_EMEMORY;
    node->kind = kind;
    node->line = (int64_t)mark.line + 1;
    node->column = (int64_t)mark.column + 1;
    attach(b, node);
    b->last[b->depth] = NULL;
    b->open[b->depth++] = node;
    return LAR_OK;
}

static lar_status close_node(builder *b)
{
    const lar_yaml *node = b->open[--b->depth];
    return node->kind == LAR_YAML_MAP ? refuse_twice(b, node) : LAR_OK;
}

static lar_status take_scalar(builder *b, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    const size_t length = event->data.scalar.length;
    const bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (strlen(value) != length) return fail_at(b, event->start_mark, "a text holds a 0 byte");
    const char *text = lar_arena_text(b->arena, value, length);
    if (!text) return LAR_EMEMORY;
    if (is_in_map(b) && !b->key) {
        b->key = text;
        b->key_line = (int64_t)event->start_mark.line + 1;
        b->key_column = (int64_t)event->start_mark.column + 1;
        return LAR_OK;
    }
    lar_yaml *node = lar_arena_take(b->arena, 1, sizeof *node);
    if (!node) return LAR_EMEMORY;
    node->kind = LAR_YAML_SCALAR;
    node->line = (int64_t)event->start_mark.line + 1;
    node->column = (int64_t)event->start_mark.column + 1;
    node->text = text;
    node->absent = plain && (!length || lar_text_is(text, "~") || lar_text_is(text, "null"));
    attach(b, node);
    return LAR_OK;
}

static lar_status refuse_extras(const builder *b, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor) return fail_at(b, event->start_mark, "anchors (&) are not used in a study");
    if (tag) return fail_at(b, event->start_mark, "tags (!) are not used in a study");
    return LAR_OK;
}

static lar_status take_event(builder *b, const yaml_event_t *event)
{
    const lar_status status = refuse_extras(b, event);
    if (status != LAR_OK) return status;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return b->root ? fail_at(b, event->start_mark, "a second document begins") : LAR_OK;
    case YAML_ALIAS_EVENT:
        return fail_at(b, event->start_mark, "aliases (*) are not used in a study");
    case YAML_SCALAR_EVENT:
        return take_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(b, LAR_YAML_LIST, event->start_mark);
    case YAML_MAPPING_START_EVENT:
        return open_node(b, LAR_YAML_MAP, event->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_node(b);
    default:
        return LAR_OK;
    }
}

lar_status lar_yaml_parse(lar_yaml **out, const char *text, int64_t length, const char *name,
                          lar_arena *arena)
{
    lar_status status = LAR_OK;
    builder b = { .name = name, .arena = arena };
    yaml_parser_t parser;

    *out = NULL;
    if (length > LENGTH_MAX)
        return lar_fail(LAR_EARGUMENT, "%s: %lld bytes, more than 1 MB", name, (long long)length);
    if (!yaml_parser_initialize(&parser)) return lar_fail(LAR_EMEMORY, "out of memory");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, (size_t)length);
    for (bool more = true; more && status == LAR_OK;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            status = fail_parser(&b, &parser);
            break;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        status = take_event(&b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (status == LAR_OK && !b.root) status = lar_fail(LAR_EARGUMENT, "%s: is empty", name);
    if (status == LAR_OK) *out = b.root;
    return status;
}
