/* How a mask was made, in the header of every file that came of it.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/base.h"
#include "brain/brain.h"
#include "image/image.h"

static lar_status copy_extensions(lar_notes *to, const lar_notes *from)
{
    for (int64_t n = 0; n < from->extension_count; n++) {
        const lar_extension *old = &from->extensions[n];
        unsigned char *bytes = lar_alloc_raw(old->count, 1);
        if (!bytes) return LAR_EMEMORY;
        memcpy(bytes, old->bytes, (size_t)old->count);
        to->extensions[n] =
            (lar_extension){ .code = old->code, .count = old->count, .bytes = bytes };
    }
    return LAR_OK;
}

lar_status lar_strip_record(lar_image *image, const lar_image *in, const lar_strip_report *report)
{
    lar_status status = LAR_OK;
    lar_notes *notes = NULL;
    const lar_notes *old = image->notes;
    LAR_TRY(lar_notes_new(&notes, old ? old->extension_count : 0));
    if (old) {
        LAR_TRY(copy_extensions(notes, old));
        memcpy(notes->name, old->name, sizeof notes->name);
        notes->intent = old->intent;
        memcpy(notes->intent_values, old->intent_values, sizeof notes->intent_values);
        notes->step = old->step;
        notes->step_unit = old->step_unit;
        memcpy(notes->window, old->window, sizeof notes->window);
    }
    if (in->notes) {
        notes->form_code = in->notes->form_code;
        memcpy(notes->edges_mm, in->notes->edges_mm, sizeof notes->edges_mm);
    }
    snprintf(notes->description, sizeof notes->description, "larmor strip, %s%s%.40s%s",
             report->method, report->model[0] ? " " : "", report->model,
             report->verdict.doubtful ? ", doubtful" : "");
    lar_image_set_notes(image, notes);
done:
    lar_notes_drop(notes);
    return status;
}
