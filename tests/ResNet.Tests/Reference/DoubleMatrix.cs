using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ResNet.Tests.Reference;

/// <summary>A row of doubles seen as a matrix: element (r, c) lies at <c>Offset + r Row + c Column</c>.</summary>
/// <param name="Values">The numbers.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Columns">Columns.</param>
/// <param name="Row">Distance of neighbours in a column.</param>
/// <param name="Column">Distance of neighbours in a row.</param>
/// <param name="Offset">Where (0, 0) lies.</param>
internal readonly record struct DoubleMatrix(double[] Values, int Rows, int Columns, int Row, int Column, int Offset = 0)
{
    // Rows and columns of the product that are kept in registers.
    private const int TileRows = 4;
    private const int RowsAtATime = 32;
    private const int DepthAtATime = 256;

    private static int TileColumns => 2 * Vector<double>.Count;

    /// <summary>The same numbers, rows and columns exchanged.</summary>
    public DoubleMatrix Transposed => new(Values, Columns, Rows, Column, Row, Offset);

    /// <summary>A matrix whose rows follow each other.</summary>
    public static DoubleMatrix Of(double[] values, int rows, int columns, int offset = 0) => new(values, rows, columns, columns, 1, offset);

    /// <summary>Adds the product <c>a b</c> to the matrix, whose rows must be contiguous.</summary>
    public void AddProduct(DoubleMatrix a, DoubleMatrix b)
    {
        if (a.Columns != b.Rows || a.Rows != Rows || b.Columns != Columns || Column != 1)
        {
            throw new ArgumentException($"({a.Rows} x {a.Columns}) ({b.Rows} x {b.Columns}) is no {Rows} x {Columns} with contiguous rows.");
        }

        double[] panels = b.Panels();
        DoubleMatrix c = this;
        Parallel.For(0, (Rows + RowsAtATime - 1) / RowsAtATime, block =>
        {
            int end = Math.Min(c.Rows, (block + 1) * RowsAtATime);
            for (int depth = 0; depth < a.Columns; depth += DepthAtATime)
            {
                int count = Math.Min(DepthAtATime, a.Columns - depth);
                for (int column = 0; column < c.Columns; column += TileColumns)
                {
                    int panel = (column * a.Columns) + (depth * TileColumns);
                    for (int row = block * RowsAtATime; row < end; row += TileRows)
                    {
                        c.AddTile(a, row, Math.Min(TileRows, end - row), depth, count, panels, panel, column);
                    }
                }
            }
        });
    }

    /// <summary>The columns in groups as wide as a tile, each group's rows one after the other, zeros beyond the last column.</summary>
    private double[] Panels()
    {
        int groups = (Columns + TileColumns - 1) / TileColumns;
        double[] panels = new double[groups * Rows * TileColumns];
        DoubleMatrix b = this;
        Parallel.For(0, groups, group =>
        {
            int first = group * TileColumns;
            int width = Math.Min(TileColumns, b.Columns - first);
            for (int row = 0; row < b.Rows; row++)
            {
                int to = (first * b.Rows) + (row * TileColumns);
                int from = b.Offset + (row * b.Row) + (first * b.Column);
                for (int column = 0; column < width; column++)
                {
                    panels[to + column] = b.Values[from + (column * b.Column)];
                }
            }
        });
        return panels;
    }

    private void AddTile(DoubleMatrix a, int row, int rows, int depth, int count, double[] panels, int panel, int column)
    {
        // A row beyond the last is computed as the last once more and left out.
        int lane = Vector<double>.Count;
        int a0 = a.Offset + (row * a.Row) + (depth * a.Column);
        int a1 = a0 + (Math.Min(1, rows - 1) * a.Row);
        int a2 = a0 + (Math.Min(2, rows - 1) * a.Row);
        int a3 = a0 + (Math.Min(3, rows - 1) * a.Row);
        ref double source = ref MemoryMarshal.GetArrayDataReference(a.Values);
        ref double values = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(panels), panel);
        Vector<double> s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
        for (int k = 0; k < count; k++)
        {
            var b0 = Vector.LoadUnsafe(ref values, (nuint)(k * 2 * lane));
            var b1 = Vector.LoadUnsafe(ref values, (nuint)((k * 2 * lane) + lane));
            int offset = k * a.Column;
            var x = Vector.Create(Unsafe.Add(ref source, a0 + offset));
            s00 = Vector.FusedMultiplyAdd(x, b0, s00);
            s01 = Vector.FusedMultiplyAdd(x, b1, s01);
            x = Vector.Create(Unsafe.Add(ref source, a1 + offset));
            s10 = Vector.FusedMultiplyAdd(x, b0, s10);
            s11 = Vector.FusedMultiplyAdd(x, b1, s11);
            x = Vector.Create(Unsafe.Add(ref source, a2 + offset));
            s20 = Vector.FusedMultiplyAdd(x, b0, s20);
            s21 = Vector.FusedMultiplyAdd(x, b1, s21);
            x = Vector.Create(Unsafe.Add(ref source, a3 + offset));
            s30 = Vector.FusedMultiplyAdd(x, b0, s30);
            s31 = Vector.FusedMultiplyAdd(x, b1, s31);
        }

        Span<double> sums = stackalloc double[TileRows * TileColumns];
        s00.CopyTo(sums);
        s01.CopyTo(sums[lane..]);
        s10.CopyTo(sums[(2 * lane)..]);
        s11.CopyTo(sums[(3 * lane)..]);
        s20.CopyTo(sums[(4 * lane)..]);
        s21.CopyTo(sums[(5 * lane)..]);
        s30.CopyTo(sums[(6 * lane)..]);
        s31.CopyTo(sums[(7 * lane)..]);
        int width = Math.Min(TileColumns, Columns - column);
        for (int r = 0; r < rows; r++)
        {
            var to = Values.AsSpan(Offset + ((row + r) * Row) + column, width);
            for (int i = 0; i < width; i++)
            {
                to[i] += sums[(r * TileColumns) + i];
            }
        }
    }
}
