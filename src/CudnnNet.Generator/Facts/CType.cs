namespace CudnnNet.Generator.Facts;

/// <summary>
/// A C type spelling taken apart: the base name without qualifiers, how many pointers stand behind it, and the length of an array.
/// The facts hold no function types inline (those are callbacks with a name), so this is the whole grammar.
/// </summary>
/// <param name="Base">e.g. "unsigned int", "CUstream", "CUuuid"; "struct" and "enum" keywords are dropped.</param>
/// <param name="Pointers">The number of asterisks; an array of unknown length counts as one.</param>
/// <param name="Length">The number of elements of an array with a length, else 0.</param>
internal readonly record struct CType(string Base, int Pointers, int Length)
{
    public static CType Parse(string spelling)
    {
        int length = 0;
        int pointers = 0;
        string rest = spelling;
        int bracket = rest.IndexOf('[', StringComparison.Ordinal);
        if (bracket >= 0)
        {
            string inside = rest[(bracket + 1)..].TrimEnd(']');
            if (inside.Length == 0)
            {
                pointers = 1;
            }
            else if (!int.TryParse(inside, out length))
            {
                throw new FactException($"the type \"{spelling}\" is an array whose length is not a number");
            }
            rest = rest[..bracket];
        }
        pointers += rest.Count(c => c == '*');
        string[] words = rest.Replace('*', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string name = string.Join(' ', words.Where(w => w is not ("const" or "struct" or "enum" or "union")));
        return name.Length == 0 ? throw new FactException($"the type \"{spelling}\" names nothing") : new CType(name, pointers, length);
    }
}
