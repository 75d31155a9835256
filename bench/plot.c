/* Owns the plots of the benchmarks: tether-bench-plot RESULTS DIRECTORY
 * RESULTS has the JSON lines that bench/all collects; the plots (SVG) are written into DIRECTORY.
 * Each has horizontal bars from the left edge to the median, and a line to the 99th percentile, on
 * a logarithmic axis. Must not: measure, or know how a picture is written: src/cli/svg.c does, as
 * for tether list --svg. Thread: the only one. */
#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/svg.h"

enum { WIDTH = 520, AFTER = 70, GROUPS_MOST = 32, BARS_MOST = 256, TEXT_SIZE = 128, GAP = 6 };

typedef struct bar {
    const char *name;
    double median, p99; /* ms */
} bar;

typedef struct group {
    char name[TEXT_SIZE];
    size_t first, count; /* of the bars */
} group;

typedef struct plot {
    char title[TEXT_SIZE];
    group groups[GROUPS_MOST];
    size_t group_count;
    bar bars[BARS_MOST];
    size_t bar_count;
} plot;

/* What a suite's plots are called, and what `at` is there. */
typedef struct suite {
    const char *name, *metric, *title,
        *group; /* group: a format for `at`; NULL: there is one group */
} suite;

static const suite suites[] = {
    {"start", "start", "Spawn call, by memory of the host", "host with %s"},
    {"start", "told", "From start to known end, by memory of the host", "host with %s"},
    {"pattern", "told", "From start to known end of sh -c true", NULL},
    {"throughput", "per command", "Time per command", "%s in flight"},
    {"command", "start", "A command that starts a task", NULL},
};

static void fail(const char *what, const char *which)
{
    fprintf(stderr, "plot: %s: %s\n", what, which);
    exit(1);
}

/* --- The results --- */

static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));

    return text != NULL ? text : "";
}

static double number_of(const json_t *line, const char *key)
{
    return json_number_value(json_object_get(line, key));
}

/* One object a line; the first one describes the machine. */
static json_t *read_results(const char *path)
{
    json_t *lines = json_array();
    FILE *file = fopen(path, "rb");
    static char text[65536];
    bool first = true;

    if (file == NULL)
        fail("cannot read the results", path);
    for (; fgets(text, sizeof text, file) != NULL; first = false) {
        json_t *line = json_loads(text, 0, NULL);

        if (line == NULL)
            fail("this is no line of JSON", text);
        if (first)
            json_decref(line);
        else
            json_array_append_new(lines, line);
    }
    fclose(file);
    return lines;
}

static bool is_of(const json_t *line, const suite *of, const char *place)
{
    return strcmp(text_of(line, "suite"), of->name) == 0 &&
           strcmp(text_of(line, "metric"), of->metric) == 0 &&
           (place == NULL || strcmp(text_of(line, "place"), place) == 0);
}

/* --- The drawing --- */

static void put(void *userdata, const char *bytes, size_t size)
{
    fwrite(bytes, 1, size, userdata);
}

/* Three significant digits; whole numbers from 100 on, with commas for the thousands. */
static void format_number(double value, char text[TEXT_SIZE])
{
    int digits = value > 0 ? 2 - (int)floor(log10(value)) : 0;

    if (value < 100) {
        snprintf(text, TEXT_SIZE, "%.*f", digits > 4 ? 4 : digits, value);
        return;
    }
    if (value < 1000)
        snprintf(text, TEXT_SIZE, "%.0f", value);
    else
        snprintf(text, TEXT_SIZE, "%ld,%03ld", lround(value) / 1000, lround(value) % 1000);
}

static svg_colour colour_of(const char *name)
{
    size_t size = strlen(name), end = strlen("acknowledged");

    if (strncmp(name, "tether", 6) == 0 ||
        (size >= end && strcmp(name + size - end, "acknowledged") == 0))
        return SVG_MAIN;
    return strcmp(name, "floor") == 0 ? SVG_PLAIN : SVG_OTHER;
}

/* The powers of ten around all values. */
static void find_range(const plot *p, int *low, int *high)
{
    double least = HUGE_VAL, most = 0;

    for (size_t i = 0; i < p->bar_count; i++) {
        least = fmin(least, fmin(p->bars[i].median, p->bars[i].p99));
        most = fmax(most, fmax(p->bars[i].median, p->bars[i].p99));
    }
    *low = (int)floor(log10(least * 0.8));
    *high = (int)ceil(log10(most));
}

static double place(double value, int low, int high)
{
    double part = (log10(value) - low) / (high - low);

    return SVG_LEFT + WIDTH * (part > 0 ? part : 0);
}

static void draw_bar(const svg *to, const bar *b, double y, int low, int high)
{
    double end = place(b->median, low, high), far = place(b->p99, low, high);
    char text[TEXT_SIZE];

    svg_text_before(to, SVG_LEFT - 6, y + 13, SVG_INK, b->name, SVG_NAME_COLUMNS);
    svg_bar(to, SVG_LEFT, end, y, colour_of(b->name), NULL);
    svg_whisker(to, end, far, y);
    format_number(b->median, text);
    svg_text(to, fmax(end, far) + 5, y + 13, SVG_INK, text, SIZE_MAX);
}

static double height_of(const plot *p)
{
    double height = 0;

    for (size_t i = 0; i < p->group_count; i++)
        height += SVG_ROW * (double)p->groups[i].count +
                  (p->groups[i].name[0] != '\0' ? GAP + SVG_ROW : 0);
    return height;
}

static void draw(const svg *to, const plot *p)
{
    double y = SVG_TOP, bottom = SVG_TOP + height_of(p);
    int low, high;

    find_range(p, &low, &high);
    svg_begin(to, SVG_LEFT + WIDTH + AFTER, bottom + 40, p->title);
    for (int power = low; power <= high; power++) {
        char label[TEXT_SIZE];

        snprintf(label, sizeof label, "%g ms", pow(10, power));
        svg_tick(to, place(pow(10, power), low, high), bottom, label);
    }
    for (size_t i = 0; i < p->group_count; i++) {
        const group *g = &p->groups[i];

        if (g->name[0] != '\0') {
            svg_group(to, y + GAP, g->name);
            y += GAP + SVG_ROW;
        }
        for (size_t k = 0; k < g->count; k++, y += SVG_ROW)
            draw_bar(to, &p->bars[g->first + k], y, low, high);
    }
    svg_text(to, SVG_MARGIN, bottom + 34, SVG_FAINT, "bar: median, line: 99th percentile",
             SIZE_MAX);
    svg_end(to);
}

static void write_plot(const plot *p, const char *directory, const char *name)
{
    char path[4096];
    svg to = {put, NULL};
    FILE *file;

    if (p->bar_count == 0)
        return;
    snprintf(path, sizeof path, "%s/%s.svg", directory, name);
    file = fopen(path, "wb");
    if (file == NULL)
        fail("cannot write", path);
    to.userdata = file;
    draw(&to, p);
    if (fclose(file) != 0)
        fail("cannot write", path);
}

/* --- What is drawn --- */

static group *group_called(plot *p, const char *name)
{
    group *g = p->group_count > 0 ? &p->groups[p->group_count - 1] : NULL;

    if (g != NULL && strcmp(g->name, name) == 0)
        return g;
    if (p->group_count == GROUPS_MOST)
        fail("too many groups in", p->title);
    g = &p->groups[p->group_count++];
    snprintf(g->name, sizeof g->name, "%s", name);
    g->first = p->bar_count;
    return g;
}

/* Bars of a group stand together, in the order of the results. */
static void add_bar(plot *p, const char *group_name, const char *name, const json_t *line)
{
    group *g = group_called(p, group_name);

    if (p->bar_count == BARS_MOST)
        fail("too many bars in", p->title);
    p->bars[p->bar_count++] =
        (bar){name, fmax(number_of(line, "median"), 1e-3), fmax(number_of(line, "p99"), 1e-3)};
    g->count++;
}

/* `at` is a number: of MiB where the parameter says so. */
static void name_group(const suite *of, const json_t *line, char text[TEXT_SIZE])
{
    long at = (long)number_of(line, "at");
    bool memory = strcmp(text_of(line, "parameter"), "memory_mib") == 0;
    char number[32];

    text[0] = '\0';
    if (of->group == NULL)
        return;
    if (memory && at >= 1024)
        snprintf(number, sizeof number, "%ld GiB", at / 1024);
    else
        snprintf(number, sizeof number, memory ? "%ld MiB" : "%ld", at);
    snprintf(text, TEXT_SIZE, of->group, number);
}

/* "throughput-per-command-disk" */
static void name_file(const suite *of, const char *place_name, char text[TEXT_SIZE])
{
    snprintf(text, TEXT_SIZE, "%s-%s-%s", of->name, of->metric,
             strcmp(place_name, "tmpfs") == 0 ? "tmpfs" : "disk");
    for (char *at = text; *at != '\0'; at++)
        *at = islower((unsigned char)*at) ? *at : '-';
}

static void plot_place(const json_t *lines, const suite *of, const char *place_name,
                       const char *directory)
{
    static plot p;
    char name[TEXT_SIZE];

    p = (plot){.bar_count = 0};
    snprintf(p.title, sizeof p.title, "%s, %s", of->title, place_name);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);

        if (!is_of(line, of, place_name))
            continue;
        name_group(of, line, name);
        add_bar(&p, name, text_of(line, "contender"), line);
    }
    name_file(of, place_name, name);
    write_plot(&p, directory, name);
}

/* A plot for each file system, as it comes up the first time. */
static void plot_suite(const json_t *lines, const suite *of, const char *directory)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *place_name = text_of(json_array_get(lines, i), "place");
        size_t before = 0;

        if (!is_of(json_array_get(lines, i), of, NULL))
            continue;
        while (!is_of(json_array_get(lines, before), of, place_name))
            before++;
        if (before == i)
            plot_place(lines, of, place_name, directory);
    }
}

/* "10,000 acknowledged": how many tasks the session had. */
static const char *name_ended(const json_t *lines, const char *contender)
{
    static char names[8][TEXT_SIZE];
    static size_t count;
    char number[TEXT_SIZE] = "0";

    if (strcmp(contender, "none") == 0)
        return contender;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);

        if (strcmp(text_of(line, "suite"), "ended") == 0 &&
            strcmp(text_of(line, "contender"), contender) == 0)
            format_number(number_of(line, "at"), number);
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i] + strlen(number) + 1, contender) == 0)
            return names[i];
    }
    if (count == sizeof names / sizeof names[0])
        fail("too many kinds of ended tasks", contender);
    snprintf(names[count], TEXT_SIZE, "%.20s %.100s", number, contender);
    return names[count++];
}

static void plot_ended(const json_t *lines, const char *directory)
{
    static const char prefix[] = "ended: ";
    static plot p;

    snprintf(p.title, sizeof p.title, "Calls in a session in which many tasks have ended");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        const char *name = text_of(line, "suite");

        if (strncmp(name, prefix, sizeof prefix - 1) == 0)
            add_bar(&p, name + sizeof prefix - 1, name_ended(lines, text_of(line, "contender")),
                    line);
    }
    write_plot(&p, directory, "ended");
}

int main(int argc, char **argv)
{
    json_t *lines;

    if (argc != 3) {
        fprintf(stderr, "usage: tether-bench-plot RESULTS DIRECTORY\n");
        return 2;
    }
    lines = read_results(argv[1]);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        plot_suite(lines, &suites[i], argv[2]);
    plot_ended(lines, argv[2]);
    json_decref(lines);
    return 0;
}
