using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.CSharp;

/// <summary>Writes a test for every struct: its size, the alignment its fields give it and the offset of every field.</summary>
internal sealed class LayoutTestWriter(CSharpTypes types, StructAlignment alignment)
{
    public string Write(LibraryFacts library)
    {
        var w = new SourceWriter(4);
        w.Line(InteropWriter.Banner).Line("#nullable enable").Line();
        w.Line("using CudnnNet.Interop;").Line();
        w.Line("namespace CudnnNet.Tests.Generated;").Line();
        w.Block($"public sealed unsafe class {library.Id.ClassName}LayoutTests", () =>
        {
            bool first = true;
            foreach (CSharpStruct s in InteropWriter.Structs(library))
            {
                if (!first)
                {
                    w.Line();
                }
                first = false;
                w.Line("[Test]");
                w.Block($"public void {s.Name}_lies_in_memory_as_in_C()", () =>
                {
                    w.Line($"{s.Name} value = default;");
                    w.Line($"var layout = new StructLayout<{s.Name}>(&value, size: {s.Size}, alignment: {alignment.OfFields(s.Fields)});");
                    Fields(s.Fields, "value");
                });
            }

            void Fields(IEnumerable<FieldFact> fields, string path)
            {
                foreach (FieldFact f in InteropWriter.Flatten(fields))
                {
                    string member = $"{path}.{InteropWriter.Identifier(f.Name)}";
                    w.Line($"layout.Field(\"{f.Name}\", {(IsFixed(f) ? "" : "&")}{member}, offset: {f.Offset});");
                    if (f.IsInline)
                    {
                        Fields(f.Fields!, member);
                    }
                }
            }
        });
        return w.ToString();

        // A fixed buffer is its own address.
        bool IsFixed(FieldFact f)
            => !f.IsInline && CType.Parse(f.Type).Length > 0 && CSharpTypes.IsFixedElement(types.Map(f.Type));
    }
}
