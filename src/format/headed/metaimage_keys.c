/* The keys of a MetaImage header and their values, each checked before it is believed.
 * SPDX-License-Identifier: Apache-2.0 */
#include "format/headed/metaimage.h"

const char *const lar_meta_keys[META_KEYS + 1] = {
    "ObjectType",
    "NDims",
    "BinaryData",
    "BinaryDataByteOrderMSB",
    "ElementByteOrderMSB",
    "CompressedData",
    "CompressedDataSize",
    "TransformMatrix",
    "Rotation",
    "Orientation",
    "Offset",
    "Position",
    "Origin",
    "ImagePosition",
    "ElementSpacing",
    "ElementSize",
    "DistanceUnits",
    "AnatomicalOrientation",
    "DimSize",
    "HeaderSize",
    "ElementNumberOfChannels",
    "ElementType",
    "ElementToIntensityFunctionSlope",
    "ElementToIntensityFunctionOffset",
    "ElementDataFile",
    NULL,
};

bool lar_metaimage_is(const unsigned char *bytes, size_t count)
{
    static const char *const first[] = { "ObjectType", "NDims", "Comment", "ObjectSubType", NULL };
    size_t at = 0;
    while (at < count && (bytes[at] == ' ' || bytes[at] == '\r' || bytes[at] == '\n')) at++;
    for (int n = 0; first[n]; n++) {
        const size_t length = strlen(first[n]);
        if (count - at <= length || memcmp(bytes + at, first[n], length) != 0) continue;
        for (size_t next = at + length; next < count; next++)
            if (bytes[next] != ' ' && bytes[next] != '\t') return bytes[next] == '=';
    }
    return false;
}

lar_status lar_meta_take_lines(lar_meta *h, lar_header_lines *lines)
{
    lar_status status = LAR_OK;
    char *line;
    bool known;
    while (!h->values[META_DATA_FILE]) { /* the last line, by definition */
        LAR_TRY(lar_header_line(&line, lines));
        if (!line)
            return lar_fail(LAR_EFORMAT, "the header of '%s' ends without 'ElementDataFile'",
                            h->path);
        if (!*line) continue;
        char *value = strchr(line, '=');
        if (!value)
            return lar_fail(LAR_EFORMAT,
                            "the header of '%s' holds the line '%.40s', expected a key, =, and a "
                            "value",
                            h->path, line);
        *value++ = 0;
        value += strspn(value, " \t");
        line[strcspn(line, " \t")] = 0;
        LAR_TRY(lar_header_take(&known, lar_meta_keys, h->values, line, value, h->path));
    }
    h->end = lines->at;
done:
    return status;
}

lar_status lar_meta_missing(const lar_meta *h, int key)
{
    return lar_fail(LAR_EFORMAT, "the header of '%s' does not say '%s'", h->path,
                    lar_meta_keys[key]);
}

lar_status lar_meta_bad_value(const lar_meta *h, int key, const char *expected)
{
    return lar_fail(LAR_EFORMAT, "'%s' of '%s' is '%.40s', expected %s", lar_meta_keys[key],
                    h->path, h->values[key], expected);
}

lar_status lar_meta_bool(bool *out, const lar_meta *h, int key)
{
    static const char *const words[2][5] = { { "False", "false", "F", "0", NULL },
                                             { "True", "true", "T", "1", NULL } };
    for (int truth = 0; truth < 2 && h->values[key]; truth++)
        for (int n = 0; words[truth][n]; n++)
            if (lar_text_is(h->values[key], words[truth][n])) {
                *out = truth;
                return LAR_OK;
            }
    return h->values[key] ? lar_meta_bad_value(h, key, "True or False") : LAR_OK;
}

lar_status lar_meta_int(int64_t *out, const lar_meta *h, int key, int64_t low)
{
    if (!h->values[key] || (lar_parse_int(out, h->values[key]) && *out >= low)) return LAR_OK;
    char expected[64];
    snprintf(expected, sizeof expected, "a whole number from %lld", (long long)low);
    return lar_meta_bad_value(h, key, expected);
}

/* Keys that are names of the same; the first that is said. Two that differ are an error. */
lar_status lar_meta_one_of(int *out, const lar_meta *h, const int *same)
{
    *out = -1;
    for (; *same >= 0; same++) {
        if (!h->values[*same]) continue;
        if (*out >= 0 && !lar_text_is(h->values[*out], h->values[*same]))
            return lar_fail(LAR_EFORMAT,
                            "the header of '%s' contradicts itself: '%s' is '%.40s', '%s' is "
                            "'%.40s'",
                            h->path, lar_meta_keys[*out], h->values[*out], lar_meta_keys[*same],
                            h->values[*same]);
        if (*out < 0) *out = *same;
    }
    return LAR_OK;
}
