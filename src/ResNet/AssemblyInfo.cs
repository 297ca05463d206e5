using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("ResNet.Tests")]
