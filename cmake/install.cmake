# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` gives: program, library, header, larmor.pc, manual, completion. All of it
# may be moved to another prefix: paths inside are relative.
file(RELATIVE_PATH LARMOR_BIN_TO_LIB ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH LARMOR_PC_UP ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
set_target_properties(larmor_program PROPERTIES INSTALL_RPATH "$ORIGIN/${LARMOR_BIN_TO_LIB}")
set_target_properties(larmor PROPERTIES PUBLIC_HEADER include/larmor/larmor.h)
configure_file(cmake/larmor.pc.in larmor.pc @ONLY)

set(MANUAL ${CMAKE_BINARY_DIR}/manual)
add_custom_command(OUTPUT ${MANUAL}/commands
                   COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/manual.sh $<TARGET_FILE:larmor_program> ${MANUAL}
                   DEPENDS larmor_program cmake/manual.sh VERBATIM)
add_custom_target(manual ALL DEPENDS ${MANUAL}/commands)

install(TARGETS larmor_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS larmor LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/larmor)
if(TARGET larmor_minc)
  install(TARGETS larmor_minc RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/larmor)
endif()
install(FILES ${CMAKE_BINARY_DIR}/larmor.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(DIRECTORY ${MANUAL}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${MANUAL}/completions/larmor
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
# NiiVue, where ./dev setup found it, for the page of `larmor view`; the server looks there
install(FILES ${CMAKE_BINARY_DIR}/viewer/niivue.js.gz ${CMAKE_BINARY_DIR}/viewer/niivue.licence
        DESTINATION ${CMAKE_INSTALL_DATADIR}/larmor/viewer OPTIONAL)
