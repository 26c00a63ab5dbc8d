# cmake -DOUT=file.cpp -DROOT=folder -DROOM=room -DNAME=sql -P embed.cmake: all files of a folder as
# C++ strings, by their paths. The room declares struct EmbeddedFile and the function embedded_NAME().
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/*)
list(SORT files)
set(text "// Made by cmake/embed.cmake.\n#include \"${ROOM}/embedded_${NAME}.h\"\n\nnamespace streaky::${ROOM} {\n\nstd::span<const EmbeddedFile> embedded_${NAME}() {\n  static constexpr EmbeddedFile kFiles[] = {\n")
foreach(file ${files})
  file(READ ${ROOT}/${file} content)
  string(APPEND text "      {\"${file}\", R\"__embed__(${content})__embed__\"},\n")
endforeach()
string(APPEND text "  };\n  return kFiles;\n}\n\n}  // namespace streaky::${ROOM}\n")
file(WRITE ${OUT} "${text}")
