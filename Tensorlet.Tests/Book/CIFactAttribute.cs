namespace Tensorlet.Tests.Book;

/// <summary>A test of the project as it is published, which a learner's own copy need not pass.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CIFactAttribute : FactAttribute
{
    /// <summary>Skips the test unless CI=true.</summary>
    public CIFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Skip = "tells of the project as it is handed out, not of a copy in which somebody works: set CI=true.";
    }
}
