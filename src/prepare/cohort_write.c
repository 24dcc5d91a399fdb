/* What becomes of a case: its volumes and the JSON beside them, or a reason.
 * SPDX-License-Identifier: Apache-2.0 */
#include "prepare/cohort_pass.h"

void lar_cohort_tell(const lar_cohort_pass *p, int64_t index, const lar_case *prepared)
{
    if (p->watch && p->watch->ended) p->watch->ended(p->watch->user, &p->record, index, prepared);
}

const char *lar_cohort_volume(const lar_cohort_pass *p, lar_arena *arena,
                              const lar_case_record *record, int64_t image, bool flagged)
{
    return lar_cases_volume(arena, p->study->work, record->id, p->study->data.images[image].name,
                            flagged);
}

lar_status lar_cohort_judge(const lar_cohort_pass *p, lar_case_record *record)
{
    lar_text doubt = { 0 };
    record->state = LAR_CASE_DONE;
    record->reason = NULL;
    if (lar_case_doubt(&doubt, &record->findings) &&
        !lar_data_trusts(&p->study->data, record->id)) {
        record->state = LAR_CASE_FLAGGED;
        record->reason = lar_arena_text(p->arena, lar_text_get(&doubt), doubt.length);
    }
    const bool failed = doubt.failed || (record->state == LAR_CASE_FLAGGED && !record->reason);
    lar_text_clear(&doubt);
    return failed ? LAR_EMEMORY : LAR_OK;
}

/* What an earlier run left. */
static lar_status remove_volumes(const lar_cohort_pass *p, const lar_case_record *record,
                                 bool flagged)
{
    lar_status status = LAR_OK;
    for (int64_t m = 0; m < p->study->data.image_count; m++) {
        const char *path = lar_cohort_volume(p, p->arena, record, m, flagged),
                   *beside = lar_provenance_path(p, p->arena, record, m, flagged);
        if (!path || !beside) return LAR_EMEMORY;
        LAR_TRY(lar_file_remove(path));
        LAR_TRY(lar_file_remove(beside));
    }
done:
    return status;
}

/* In one piece, and hashed as it is handed out. */
static lar_status write_volume(lar_case_file *file, lar_image *image, const char *path)
{
    lar_status status = LAR_OK;
    lar_writer *writer = NULL;
    unsigned char *head = NULL;
    size_t head_count;
    const size_t bytes = (size_t)lar_image_voxel_count(image) * lar_type_size(image->type);

    lar_image_set_notes(image, NULL); /* of the scan, not of this volume */
    LAR_TRY(lar_nifti_head(&head, &head_count, image));
    const lar_bytes parts[] = { { head, head_count }, { image->voxels, bytes } };
    LAR_TRY(lar_writer_open(&writer, path, true));
    for (int n = 0; n < 2; n++) LAR_TRY(lar_writer_put(writer, parts[n].at, parts[n].count));
    lar_sha256(file->sha256, parts, 2);
    LAR_TRY(lar_writer_commit(writer));
    file->bytes = (int64_t)(head_count + bytes);
done:
    lar_writer_free(writer);
    lar_free(head);
    return status;
}

static lar_status write_volumes(const lar_cohort_pass *p, lar_case_record *record,
                                const lar_subject *subject, lar_case *prepared,
                                const lar_seen *seen)
{
    lar_status status = LAR_OK;
    const int64_t count = p->study->data.image_count;
    lar_case_file *files = lar_arena_take(p->arena, count, sizeof *files);
    if (!files) return LAR_EMEMORY;
    for (int64_t m = 0; m < count; m++) {
        lar_case_file file = { .source = subject->paths[m] };
        const char *path =
            lar_cohort_volume(p, p->arena, record, m, record->state == LAR_CASE_FLAGGED);
        const char *folder = path ? lar_path_folder(p->arena, path) : NULL;
        if (!folder) return LAR_EMEMORY;
        LAR_TRY(lar_folder_make(folder));
        LAR_TRY(write_volume(&file, prepared->images[m], path));
        file.from_count = seen[m].count;
        file.from = seen[m].at;
        file.raw = prepared->raw[m];
        file.fit = prepared->fits[m];
        memcpy(file.mark, prepared->marks[m], sizeof file.mark);
        LAR_TRY(lar_case_file_copy(&files[m], &file, p->arena));
    }
    record->files = files;
done:
    return status;
}

lar_status lar_cohort_write(lar_cohort_pass *p, int64_t index, lar_case *prepared,
                            const lar_seen *seen)
{
    lar_status status = LAR_OK;
    lar_case_record *record = &p->record.cases[index];
    lar_case_findings *found = &record->findings;
    *found = prepared->findings;
    found->maps = lar_case_maps_copy(found->maps, found->map_count, p->arena);
    found->strips = lar_case_strips_copy(found->strips, found->strip_count, p->arena);
    if (!found->maps || !found->strips) return LAR_EMEMORY;
    LAR_TRY(lar_cohort_judge(p, record));
    LAR_TRY(remove_volumes(p, record, record->state != LAR_CASE_FLAGGED));
    LAR_TRY(write_volumes(p, record, p->cases[index].subject, prepared, seen));
    record->grid = prepared->grid;
    record->version = lar_version();
    LAR_TRY(lar_provenance_write(p, record));
    if (record->state == LAR_CASE_FLAGGED) {
        lar_log(LAR_LOG_WARNING, "case '%s' is flagged: %s", record->id, record->reason);
        p->report->flagged++;
    } else {
        p->report->done++;
    }
done:
    return status;
}

lar_status lar_cohort_fail(lar_cohort_pass *p, int64_t index)
{
    lar_status status = LAR_OK;
    lar_case_record *record = &p->record.cases[index];
    record->reason = lar_reason(p->arena);
    if (!record->reason) return LAR_EMEMORY;
    record->state = LAR_CASE_FAILED;
    lar_log(LAR_LOG_WARNING, "%s", record->reason);
    p->report->failed++;
    LAR_TRY(remove_volumes(p, record, false));
    status = remove_volumes(p, record, true);
done:
    return status;
}
