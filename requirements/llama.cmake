# llama-cpp-python builds llama.cpp's `common` library, which the bindings never load and which takes
# half of the compile time. A plain variable set here hides the cached one that its CMakeLists forces.
set(LLAMA_BUILD_COMMON OFF)
