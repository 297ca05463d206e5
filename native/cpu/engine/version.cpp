// Placeholder translation unit until the engine's first file lands.
namespace cpu {}
