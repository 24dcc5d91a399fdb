/* netcdf_length: is all of a netCDF file there? Of larmor-minc only.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_NETCDF_LENGTH_H
#define LAR_NETCDF_LENGTH_H

/* NULL where the file at `path` has all the bytes that its header describes, or is not netCDF's
 * classic format; else what is wrong. */
const char *lar_netcdf_fault(const char *path);

#endif
