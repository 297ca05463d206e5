using System.Text;

namespace CudnnNet.Generator;

/// <summary>Builds a source file line by line; line ends are always LF.</summary>
internal sealed class SourceWriter(int indentSize)
{
    private readonly StringBuilder _text = new();
    private int _level;

    public SourceWriter Line(string line = "")
    {
        if (line.Length > 0)
        {
            _text.Append(' ', _level * indentSize).Append(line);
        }
        _text.Append('\n');
        return this;
    }

    public void Block(string open, Action body, string close = "}", string? brace = "{")
    {
        Line(open);
        if (brace is not null)
        {
            Line(brace);
        }
        _level++;
        body();
        _level--;
        Line(close);
    }

    public override string ToString() => _text.ToString();
}
