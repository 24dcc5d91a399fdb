/* Fits as files: there and back, and what is foreign, damaged or of something else.
 * SPDX-License-Identifier: Apache-2.0 */
#include "intensity/normalizer.h"
#include "population.h"

static void come_back_and_do_the_same(void **state)
{
    (void)state;
    static const char *const methods[] = { "zscore", "nyul", "lsq" };
    population p;
    population_read(&p);
    const char *folder = check_folder();
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        char path[128];
        lar_normalizer *n, *back;
        lar_normalize_params params = params_of(methods[m]);
        params.contrast = LAR_CONTRAST_T1;
        snprintf(path, sizeof path, "%s/%s.json", folder, methods[m]);
        CHECK_OK(taught(&n, &params, p.images, POPULATION, p.mask));
        lar_image *out = normalized(n, p.images[1], p.mask), *again;
        CHECK_OK(lar_normalizer_write(n, path, false));
        CHECK_FAILS(lar_normalizer_write(n, path, false), LAR_EEXISTS, "exists");
        CHECK_OK(lar_normalizer_write(n, path, true));
        CHECK_OK(lar_normalizer_read(&back, path));
        assert_string_equal(lar_normalizer_method_name(back), methods[m]);
        CHECK_OK(lar_normalizer_apply(&again, back, p.images[1])); /* the fit itself */
        assert_true(largest_difference(out, again) == 0);
        lar_image_free(again);
        again = normalized(back, p.images[1], p.mask); /* from what was learned */
        assert_true(largest_difference(out, again) == 0);
        assert_int_equal(lar_normalizer_passes(back), 0);
        lar_image_free(again);
        lar_image_free(out);
        lar_normalizer_free(n);
        lar_normalizer_free(back);
    }
    check_folder_remove(folder);
    population_free(&p);
}

static void another_method_or_contrast_is_refused(void **state)
{
    (void)state;
    static const char text[] =
        "{\"larmor\": \"normalizer\", \"version\": 1, \"method\": \"nyul\", \"parameters\": "
        "{\"contrast\": \"flair\"}, \"standard\": {\"images\": 2, \"percentiles\": [1, 99], "
        "\"landmarks\": [1, 100]}}";
    lar_normalizer *n;
    CHECK_OK(lar_normalizer_parse(&n, text, strlen(text), "f.json"));
    lar_normalize_params asked = params_of("nyul");
    CHECK_OK(lar_normalizer_expect(n, &asked, "f.json"));
    asked.contrast = LAR_CONTRAST_FLAIR;
    CHECK_OK(lar_normalizer_expect(n, &asked, "f.json"));
    asked.contrast = LAR_CONTRAST_T1;
    CHECK_FAILS(lar_normalizer_expect(n, &asked, "f.json"), LAR_EARGUMENT,
                "for the contrast flair, and the scan is t1");
    asked = params_of("lsq");
    CHECK_FAILS(lar_normalizer_expect(n, &asked, "f.json"), LAR_EARGUMENT,
                "a fit of 'nyul', and 'lsq' is asked for");
    lar_normalizer_free(n);
}

static void what_is_no_fit_is_an_error(void **state)
{
    (void)state;
#define HEAD "{\"larmor\": \"normalizer\", \"version\": 1, \"method\": "
#define NYUL HEAD "\"nyul\", \"parameters\": {}, \"standard\": "
    static const struct {
        const char *text, *words;
        lar_status status;
    } bad[] = {
        { "", "is no JSON", LAR_EFORMAT },
        { "[1, 2]", "does not say that it is one", LAR_EFORMAT },
        { "{\"larmor\": \"manifest\", \"version\": 1}", "does not say", LAR_EFORMAT },
        { "{\"larmor\": \"normalizer\", \"version\": 2}", "is of version 2", LAR_EUNSUPPORTED },
        { HEAD "\"nuyl\", \"parameters\": {}}", "is of a method that is not known", LAR_EFORMAT },
        { HEAD "\"zscore\"}", "names no method or parameters", LAR_EFORMAT },
        { HEAD "\"zscore\", \"parameters\": {}}", "holds no fit", LAR_EFORMAT },
        { HEAD "\"nyul\", \"parameters\": {}}", "learned of a population", LAR_EFORMAT },
        { HEAD "\"nyul\", \"parameters\": {\"width\": \"1\"}}", "parameter 'width'", LAR_EFORMAT },
        { HEAD "\"nyul\", \"parameters\": {\"range\": [1]}}", "parameter 'range'", LAR_EFORMAT },
        { HEAD "\"nyul\", \"parameters\": {\"contrast\": \"t9\"}}", "not valid", LAR_EFORMAT },
        { NYUL "{\"images\": 1, \"percentiles\": [1, 99], \"landmarks\": [1]}}", "landmarks",
          LAR_EFORMAT },
        { NYUL "{\"images\": 1, \"percentiles\": [1, 99], \"landmarks\": [2, 1]}}", "landmarks",
          LAR_EFORMAT },
        { NYUL "{\"images\": 1, \"percentiles\": [1, 120], \"landmarks\": [1, 2]}}", "landmarks",
          LAR_EFORMAT },
        { NYUL "{\"images\": 1, \"percentiles\": [1, 1e999], \"landmarks\": [1, 2]}}", "no JSON",
          LAR_EFORMAT },
        { NYUL "{\"images\": 1, \"percentiles\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17], "
               "\"landmarks\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}}",
          "landmarks", LAR_EFORMAT },
        { HEAD "\"lsq\", \"parameters\": {}, \"standard\": {\"means\": [0, 1, 2]}}", "tissue means",
          LAR_EFORMAT },
        { HEAD "\"ravel\", \"parameters\": {}, \"standard\": {\"images\": 2, \"factors\": 9}}",
          "number of factors", LAR_EFORMAT },
        { HEAD "\"ravel\", \"parameters\": {}, \"standard\": {\"images\": 2, \"factors\": 1}}",
          "f_mean.nii.gz", LAR_ENOINPUT },
        { HEAD "\"zscore\", \"parameters\": {}, \"fit\": {\"values\": [1, 2], \"from\": [2, 2], "
               "\"to\": [0, 1], \"clips\": false}}",
          "not valid", LAR_EFORMAT },
        { HEAD "\"zscore\", \"parameters\": {}, \"fit\": {\"values\": [1, 2, 3], \"from\": [1, 2], "
               "\"to\": [0, 1], \"clips\": false}}",
          "not valid", LAR_EFORMAT },
    };
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
        lar_normalizer *out;
        CHECK_FAILS(lar_normalizer_parse(&out, bad[n].text, strlen(bad[n].text), "f.json"),
                    bad[n].status, bad[n].words);
        assert_null(out);
    }
    lar_normalizer *n;
    CHECK_FAILS(lar_normalizer_read(&n, "/absent/f.json"), LAR_ENOINPUT, "f.json");
}

static void what_learned_nothing_is_not_written(void **state)
{
    (void)state;
    lar_normalizer *n;
    const lar_normalize_params zscore = params_of("zscore"), nyul = params_of("nyul");
    CHECK_OK(lar_normalizer_new(&n, &zscore));
    CHECK_FAILS(lar_normalizer_write(n, "/tmp/f.json", false), LAR_EARGUMENT, "learned nothing");
    lar_normalizer_free(n);
    CHECK_OK(lar_normalizer_new(&n, &nyul));
    CHECK_FAILS(lar_normalizer_write(n, "/tmp/f.json", false), LAR_EARGUMENT, "learned nothing");
    lar_normalizer_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_back_and_do_the_same),
        cmocka_unit_test(another_method_or_contrast_is_refused),
        cmocka_unit_test(what_is_no_fit_is_an_error),
        cmocka_unit_test(what_learned_nothing_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
