namespace Tutorials;

/// <summary>Stands where the learner's code belongs: an exercise that throws it is not done, and not wrong.</summary>
/// <param name="what">What is to be written there.</param>
public sealed class Todo(string what) : Exception(what);

/// <summary>An answer does not do what a step asks for; the message is for the learner.</summary>
sealed class Rejected(string message) : Exception(message);
