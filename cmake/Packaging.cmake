# What is installed, and the packages that CPack makes of it.  Nothing knows where it will be: the
# command finds the preload, pkg-config and CMake find the header and library, each from its own
# place, so a tree can be moved or staged as a whole.

include(CMakePackageConfigHelpers)

install(TARGETS spawn-template RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS spawn-template-inspect spawn-template-service
  RUNTIME DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/spawn-template")
install(TARGETS spawn_template_preload LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(TARGETS spawn_template EXPORT spawn-template
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES include/spawn_template.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

# Both list the paths of the library relative to the file that says so.
set(pkgconfigdir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
set(cmakedir "${CMAKE_INSTALL_LIBDIR}/cmake/spawn-template")
file(RELATIVE_PATH prefix_from_pkgconfigdir "/${pkgconfigdir}" "/")
configure_file(cmake/spawn-template.pc.in spawn-template.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/spawn-template.pc" DESTINATION "${pkgconfigdir}")

install(EXPORT spawn-template NAMESPACE spawn_template:: FILE spawn-templateConfig.cmake
  DESTINATION "${cmakedir}")
write_basic_package_version_file(spawn-templateConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/spawn-templateConfigVersion.cmake" DESTINATION "${cmakedir}")

set(mandir shim/launcher/man)
install(FILES ${mandir}/spawn-template.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES ${mandir}/spawn_template_create.2 ${mandir}/spawn_template_spawn.2
  DESTINATION "${CMAKE_INSTALL_MANDIR}/man2")
install(FILES ${mandir}/spawn_template.3 DESTINATION "${CMAKE_INSTALL_MANDIR}/man3")

# Where each shell looks; zsh on Debian has a directory of its own for packages.
if(EXISTS /etc/debian_version)
  set(zsh_functions vendor-completions)
else()
  set(zsh_functions site-functions)
endif()
set(completions shim/launcher/completions)
install(FILES ${completions}/spawn-template.bash
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME spawn-template)
install(FILES ${completions}/spawn-template.zsh
  DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/${zsh_functions}" RENAME _spawn-template)
install(FILES ${completions}/spawn-template.fish
  DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")

install(FILES README.md SECURITY.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# cpack -G DEB, cpack -G TGZ
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME spawn-template)
set(CPACK_PACKAGE_VENDOR "spawn-template")
set(CPACK_PACKAGE_CONTACT "spawn-template maintainers <spawn-template@example.org>")
set(CPACK_PACKAGE_DESCRIPTION "\
Builds, configure scripts and test suites start the same few programs thousands of times.
spawn-template COMMAND runs COMMAND so that the second and every later start of a program
is cheaper, by a preloaded library that is otherwise transparent. The package also has the
library and header with which a program prepares and starts templates itself.")
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
# For test/package.sh, which reads it in CPackConfig.cmake.
set(CPACK_ST_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)

if(ST_BUILD_TESTS AND NOT ST_SANITIZE)
  add_test(NAME package COMMAND sh "${PROJECT_SOURCE_DIR}/test/package.sh" "${PROJECT_BINARY_DIR}")
  set_tests_properties(package PROPERTIES LABELS package TIMEOUT 300 SKIP_RETURN_CODE 77)
endif()
