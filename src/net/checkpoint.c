/* A network's weights and running statistics to named tensors and back.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/graph.h"

static float *data_of(const lar_net *net, const lar_net_param *p)
{
    return (p->running ? net->running : net->weights) + p->offset;
}

void lar_net_save(const lar_net *net, lar_safetensor *tensors)
{
    for (int64_t n = 0; n < net->param_count; n++) {
        const lar_net_param *p = &net->params[n];
        tensors[n] = (lar_safetensor){
            .name = p->name, .type = LAR_F32, .dims = p->dims, .data = data_of(net, p)
        };
        memcpy(tensors[n].size, p->size, sizeof p->size);
    }
}

static void add_shape(lar_text *text, const int64_t *size, int dims)
{
    for (int d = 0; d < dims; d++) lar_text_add(text, d ? " x %lld" : "%lld", (long long)size[d]);
}

static lar_status check_tensor(const lar_net_param *p, const lar_safetensor *tensor)
{
    if (!tensor) return lar_fail(LAR_EFORMAT, "the file has no tensor '%s'", p->name);
    if (tensor->type != LAR_F32)
        return lar_fail(LAR_EFORMAT, "tensor '%s' is %s, expected float32", p->name,
                        lar_type_name(tensor->type));
    if (tensor->dims == p->dims &&
        memcmp(tensor->size, p->size, (size_t)p->dims * sizeof *p->size) == 0)
        return LAR_OK;
    lar_text found = { 0 }, expected = { 0 };
    add_shape(&found, tensor->size, tensor->dims);
    add_shape(&expected, p->size, p->dims);
    const lar_status status = lar_fail(LAR_EFORMAT, "tensor '%s' is %s, expected %s", p->name,
                                       lar_text_get(&found), lar_text_get(&expected));
    lar_text_clear(&found);
    lar_text_clear(&expected);
    return status;
}

lar_status lar_net_load(lar_net *net, const lar_safetensors *file)
{
    for (int64_t n = 0; n < net->param_count; n++) {
        const lar_net_param *p = &net->params[n];
        const lar_status status = check_tensor(p, lar_safetensors_find(file, p->name));
        if (status != LAR_OK) return status;
    }
    for (int64_t n = 0; n < net->param_count; n++) {
        const lar_net_param *p = &net->params[n];
        memcpy(data_of(net, p), lar_safetensors_find(file, p->name)->data,
               (size_t)p->count * sizeof(float));
    }
    return LAR_OK;
}
