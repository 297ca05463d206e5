using Cifar;

return new Application(new NetworkFactory(), Console.Out, Console.Error).Run(args);
