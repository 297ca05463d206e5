// The program starts here.
Console.WriteLine("not written yet");
