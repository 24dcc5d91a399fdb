# larmor doctor: it answers everywhere, and problems that are made on purpose are named.
# SPDX-License-Identifier: Apache-2.0
status 0 larmor doctor
for word in larmor libraries processor backends threads memory disk fonts formats programs viewer normalizers; do
    says "^$word  *[^ ]"
done
says "^larmor *$(larmor --version | cut -d ' ' -f 2), built by"
says '^formats .*NIfTI (.nii '
says '^backends .*onednn (oneDNN [0-9.]* with '
status 0 env ONEDNN_MAX_CPU_ISA=AVX2 larmor doctor
! grep -q '^backends .*AVX-512' out || fail "what oneDNN will use is not what the backend says"
status 0 larmor doctor -j 3
says '^threads *3 (--threads'
status 0 env OMP_NUM_THREADS=5 larmor doctor
says '^threads *5 (OMP_NUM_THREADS is 5'
status 0 env OMP_NUM_THREADS=4000 larmor doctor
says '^- 4000 threads would share .*set OMP_NUM_THREADS to [1-9]'
status 0 env TMPDIR="$PWD/absent" larmor doctor
says "^- '$PWD/absent' cannot be written to; set TMPDIR"
echo '<fontconfig></fontconfig>' >nofonts.xml
status 0 env FONTCONFIG_FILE="$PWD/nofonts.xml" larmor doctor
says '^fonts *none'
says 'install fonts-dejavu-core'
says '^programs .*larmor-minc (.*dcm2niix '
status 0 env LARMOR_DCM2NIIX=/nonexistent larmor doctor
says '^programs .*dcm2niix (none)'
says '^- DICOM cannot be read; install dcm2niix'
says '^libraries .*libmicrohttpd [0-9.]*'
says '^libraries .*libmd [0-9.]*'
status 0 larmor doctor --json
says '"problems": \['
says '"threads": [1-9]'
[ "$(head -c 1 out)" = '{' ] || fail "not JSON"
