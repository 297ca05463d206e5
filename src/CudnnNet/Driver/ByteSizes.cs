namespace CudnnNet;

/// <summary>Sizes in bytes, to be read aloud: <c>256.MiB()</c>.</summary>
public static class ByteSizes
{
    /// <summary><paramref name="count"/> times 2¹⁰ bytes.</summary>
    public static long KiB(this int count) => (long)count << 10;

    /// <summary><paramref name="count"/> times 2²⁰ bytes.</summary>
    public static long MiB(this int count) => (long)count << 20;

    /// <summary><paramref name="count"/> times 2³⁰ bytes.</summary>
    public static long GiB(this int count) => (long)count << 30;
}
