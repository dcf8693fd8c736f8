// The answer that all servers give, and what they ask of a caller.
export const answer = JSON.parse(process.env.ANSWER);
export const key = process.env.KEY;
export const port = Number(process.env.PORT);
