using System.Globalization;
using System.Text.RegularExpressions;

namespace Tensorlet.Data;

/// <summary>
/// A table in a text file in UTF-8. A separator divides the fields of a row. A field that contains a separator, a
/// double quote or a line end is enclosed in double quotes, and each double quote in the field is written twice (RFC
/// 4180). A line end is \n, \r or \r\n. Empty lines are skipped.
/// </summary>
public sealed class Csv
{
    const string LineEnd = @"\r\n?|\n";
    static readonly NumberFormatInfo numPys = new() { PositiveInfinitySymbol = "inf", NegativeInfinitySymbol = "-inf" };
    readonly string path;
    readonly List<(int Line, string[] Fields)> rows;
    readonly Dictionary<string, int> places = [];

    /// <summary>Reads a table from a file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="separator">The character between fields.</param>
    /// <param name="header">If true, the first line contains the names of the columns. If false, the columns are
    /// named 0, 1, …</param>
    /// <exception cref="InvalidDataException">A quote is not closed or is in the wrong position; or a row does not
    /// have as many fields as the first row; or two columns have the same name; or there is no row. The message
    /// names the file, the line and the column.</exception>
    public Csv(string path, char separator = ',', bool header = true)
        : this(File.ReadAllText(Files.OfFile("Csv", path)), path, separator, header) { }

    /// <summary>Reads a table from a text.</summary>
    /// <inheritdoc cref="Csv(string, char, bool)"/>
    /// <param name="text">The text.</param>
    /// <param name="path">The name of the text in error messages.</param>
    /// <param name="separator">The character between fields.</param>
    /// <param name="header">If true, the first line contains the names of the columns. If false, the columns are
    /// named 0, 1, …</param>
    public Csv(string text, string path, char separator = ',', bool header = true)
    {
        this.path = path.Given();
        rows = Parse(text.Given(), separator);
        if (rows.Count == 0) throw Wrong(1, 1, "expected a row, found none");
        Columns = header ? rows[0].Fields : [.. rows[0].Fields.Select((_, column) => $"{column}")];
        foreach (var (line, fields) in rows.Where(row => row.Fields.Length != Columns.Count))
            throw Wrong(line, Math.Min(fields.Length, Columns.Count) + 1, $"expected {Columns.Count} fields, found " +
                $"{fields.Length}; the fields were separated by '{separator}'");
        foreach (var (column, name) in Columns.Index())
            if (!places.TryAdd(name, column))
                throw Wrong(1, column + 1, $"expected different names, found '{name}' again");
        if (header) rows.RemoveAt(0);
    }

    /// <summary>The names of the columns.</summary>
    public IReadOnlyList<string> Columns { get; }
    /// <summary>The number of rows.</summary>
    public int Count => rows.Count;

    /// <summary>Returns the fields of a column as text.</summary>
    /// <exception cref="IndexException">There is no column with this name.</exception>
    public string[] Text(string column) =>
        places.TryGetValue(column.Given(), out var at) ? [.. rows.Select(row => row.Fields[at])]
            : throw new IndexException(
                $"{path}: there is no column '{column}'; there are '{string.Join("', '", Columns)}'.");

    /// <summary>
    /// Returns columns of numbers as a Float32 tensor of shape (N, C), where N is the number of rows, and C is the
    /// number of columns that are returned.
    /// </summary>
    /// <param name="columns">The names of the columns; all columns if not given.</param>
    /// <param name="missing">The number for an empty field; if not given, an empty field is an error.</param>
    /// <exception cref="IndexException">At least one of the names is not the name of a column.</exception>
    /// <exception cref="InvalidDataException">A field is not a number. The message names the file, the line and the
    /// column.</exception>
    public Tensor Numbers(string[]? columns = null, double? missing = null)
    {
        columns ??= [.. Columns];
        return Tensor.From([.. columns.SelectMany(column => Text(column).Select((field, row) =>
            field.Length == 0 && missing is { } value ? (float)value
            : float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            || float.TryParse(field, NumberStyles.Float, numPys, out number) ? number
            : throw Wrong(row, column, "a number", field)))], [columns.Length, Count]).T.Contiguous();
    }

    /// <summary>
    /// Converts a column of names to labels. Returns the labels as an Int64 tensor with one element for each row, and
    /// the classes. The classes are the distinct names that occur in the column, in sorted order. The label of a row is
    /// the index of its name in the classes.
    /// </summary>
    /// <param name="column">The name of the column.</param>
    /// <param name="missing">The label for an empty field, for example a label that a loss ignores; if not given, an
    /// empty field is an error.</param>
    /// <exception cref="IndexException">There is no column with this name.</exception>
    /// <exception cref="InvalidDataException">A field is empty, although no label for empty fields is given. The
    /// message names the file, the line and the column.</exception>
    public (Tensor Labels, string[] Classes) Labels(string column, long? missing = null)
    {
        var text = Text(column);
        string[] classes = [.. text.Where(name => name.Length > 0).Distinct().Order(StringComparer.Ordinal)];
        var numbers = classes.Index().ToDictionary(c => c.Item, c => c.Index);
        return (Tensor.From<long>([.. text.Select((name, row) => name.Length > 0 ? numbers[name]
            : missing ?? throw Wrong(row, column, "a name", name))]), classes);
    }

    InvalidDataException Wrong(int row, string column, string expected, string found) => Wrong(rows[row].Line,
        places[column] + 1, $"'{column}': expected {expected}, found '{found}'" +
            (found.Length == 0 ? "; the argument 'missing' gives empty fields a value" : ""));

    InvalidDataException Wrong(int line, int column, string what) =>
        new($"{path}, line {line}, column {column}: {what}.");

    /// <summary>
    /// Reads the text field by field. A field ends with the separator, a line end, or the end of the text. Returns
    /// the rows, each with the number of the line in which the row begins.
    /// </summary>
    List<(int, string[])> Parse(string text, char separator)
    {
        if (separator is '"' or '\r' or '\n') throw new ArgumentOutOfRangeException(
            nameof(separator), separator, "Csv: the separator must be neither a quote nor a line end.");
        var (rows, fields, line, first) = (new List<(int, string[])>(), new List<string>(), 1, 1);
        for (var at = 0; at < text.Length || fields.Count > 0;)
        {
            var isQuoted = at < text.Length && text[at] == '"';
            if (isQuoted)
            {
                var end = text.IndexOf('"', at + 1);
                for (; end >= 0 && end + 1 < text.Length && text[end + 1] == '"'; end = text.IndexOf('"', end + 2)) ;
                if (end < 0)
                    throw Wrong(line, fields.Count + 1, "expected a closing quote, found the end of the file");
                line += Regex.Count(text.AsSpan(at, end - at), LineEnd);
                fields.Add(text[(at + 1)..end].Replace("\"\"", "\""));
                at = end + 1;
            }
            else
            {
                var length = text.AsSpan(at).IndexOfAny(separator, '\r', '\n');
                fields.Add(text.Substring(at, length < 0 ? text.Length - at : length));
                at += fields[^1].Length;
            }
            if (at < text.Length && text[at] == separator)
            {
                at++;
                continue;
            }
            if (at < text.Length && text[at] is not ('\r' or '\n'))
                throw Wrong(line, fields.Count, $"expected the end of a quoted field, found '{text[at]}'");
            if (at < text.Length)
            {
                at += text.AsSpan(at) is ['\r', '\n', ..] ? 2 : 1;
                line++;
            }
            if (isQuoted || fields is not [""]) rows.Add((first, [.. fields]));
            fields.Clear();
            first = line;
        }
        return rows;
    }
}
