[assembly: RefusalsAreAnswers]
