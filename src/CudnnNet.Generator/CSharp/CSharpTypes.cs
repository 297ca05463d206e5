using CudnnNet.Generator.Facts;

namespace CudnnNet.Generator.CSharp;

/// <summary>Finds the C# spelling of every C type of the facts.</summary>
internal sealed class CSharpTypes
{
    private static readonly Dictionary<string, string> s_primitives = new()
    {
        ["void"] = "void",
        ["char"] = "byte",
        ["signed char"] = "sbyte",
        ["unsigned char"] = "byte",
        ["short"] = "short",
        ["unsigned short"] = "ushort",
        ["int"] = "int",
        ["unsigned int"] = "uint",
        ["long long"] = "long",
        ["unsigned long long"] = "ulong",
        ["int8_t"] = "sbyte",
        ["uint8_t"] = "byte",
        ["int16_t"] = "short",
        ["uint16_t"] = "ushort",
        ["int32_t"] = "int",
        ["uint32_t"] = "uint",
        ["int64_t"] = "long",
        ["uint64_t"] = "ulong",
        ["size_t"] = "nuint",
        ["float"] = "float",
        ["double"] = "double",
        ["FILE"] = "void",
        ["__half"] = "Half",
        ["__nv_bfloat16"] = "ushort",
    };

    private static readonly HashSet<string> s_fixedElements = ["byte", "sbyte", "short", "ushort", "int", "uint", "long", "ulong", "float", "double"];

    private readonly Dictionary<string, string> _names = [];
    private readonly Dictionary<string, CallbackFact> _callbacks = [];

    public CSharpTypes(IReadOnlyList<LibraryFacts> libraries)
    {
        foreach (LibraryFacts library in libraries)
        {
            foreach (EnumFact e in library.Enums)
            {
                Name(e.Name, e.Name, e.Tag, e.Aliases);
            }
            foreach (StructFact s in library.Structs)
            {
                Name(s.Name, s.Name, s.Tag, s.Aliases);
            }
            foreach (HandleFact handle in library.Handles)
            {
                _names.TryAdd(handle.Name, handle.Name);
            }
            foreach (CallbackFact callback in library.Callbacks)
            {
                _callbacks.TryAdd(callback.Name, callback);
            }
        }
        foreach (AliasFact alias in libraries.SelectMany(l => l.Aliases).Where(a => a.Opaque))
        {
            _names[alias.Name] = "void";
        }
        // Aliases last, because they may name anything above; in rounds, because they may name each other.
        List<(string Name, string Target)> open = [.. libraries.SelectMany(l => l.Aliases).Where(a => !a.Opaque).Select(a => (a.Name, a.Target))];
        while (open.RemoveAll(a => TryBase(CType.Parse(a.Target).Base, out string? target) && _names.TryAdd(a.Name, target)) > 0)
        {
        }
        // A type of the CUDA runtime is the driver's handle of the same struct.
        Dictionary<string, string> handles = libraries.SelectMany(l => l.Handles).GroupBy(h => h.Canonical).ToDictionary(g => g.Key, g => g.First().Name);
        foreach (ExternalTypeFact external in libraries.SelectMany(l => l.ExternalTypes).DistinctBy(t => t.Name))
        {
            if (handles.TryGetValue(external.Canonical, out string? handle))
            {
                _names.TryAdd(external.Name, handle);
            }
        }
    }

    /// <summary>The C# type of a parameter, field or return value: an array of unknown length is a pointer, one of known length its element.</summary>
    /// <exception cref="FactException">No fact defines the type.</exception>
    public string Map(string spelling)
    {
        CType type = CType.Parse(spelling);
        return MapBase(type.Base, spelling) + new string('*', type.Pointers);
    }

    /// <summary>Whether C# can declare a fixed buffer of this element type.</summary>
    public static bool IsFixedElement(string element) => s_fixedElements.Contains(element);

    public string FunctionPointer(string convention, string returns, IEnumerable<ParameterFact> parameters)
        => $"delegate* unmanaged{convention}<{string.Concat(parameters.Select(p => Map(p.Type) + ", "))}{Map(returns)}>";

    private void Name(string csharp, string name, string? tag, IReadOnlyList<string> aliases)
    {
        _names.TryAdd(name, csharp);
        foreach (string alias in aliases)
        {
            _names.TryAdd(alias, csharp);
        }
        if (tag is not null)
        {
            _names.TryAdd(tag, csharp);
        }
    }

    private string MapBase(string name, string spelling)
        => TryBase(name, out string? result) ? result : throw new FactException($"the type \"{spelling}\" is used, but no fact defines \"{name}\"");

    private bool TryBase(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? result)
    {
        if (s_primitives.TryGetValue(name, out result) || _names.TryGetValue(name, out result))
        {
            return true;
        }
        if (_callbacks.TryGetValue(name, out CallbackFact? callback))
        {
            result = FunctionPointer("[Cdecl]", callback.Returns, callback.Parameters);
            return true;
        }
        return false;
    }
}
