namespace CudnnNet;

/// <summary>The rule by which a smaller tensor is repeated to the shape of a larger one.</summary>
internal static class Broadcasting
{
    /// <exception cref="ArgumentException">A dimension of <paramref name="small"/> is neither 1 nor that of <paramref name="large"/>, or the types differ.</exception>
    internal static void Check(TensorShape small, string smallName, TensorShape large, string largeName)
    {
        small.Validate(smallName);
        large.Validate(largeName);
        if (small.IsVolume != large.IsVolume || (large.IsVolume && !Fits(small.D, large.D)) || !Fits(small.N, large.N) || !Fits(small.C, large.C) || !Fits(small.H, large.H) || !Fits(small.W, large.W))
        {
            throw new ArgumentException($"'{smallName}' is {small} and '{largeName}' {large}; each dimension of '{smallName}' must be 1 or that of '{largeName}'.", smallName);
        }

        if ((small.Type == DataType.Float64) != (large.Type == DataType.Float64))
        {
            throw new ArgumentException($"'{smallName}' is {small} and '{largeName}' {large}; double goes with double only. Give both the same type.", smallName);
        }
    }

    private static bool Fits(int small, int large) => small == 1 || small == large;
}
